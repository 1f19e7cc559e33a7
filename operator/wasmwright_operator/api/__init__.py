"""The custom resources as pydantic models: what users write and what they read back."""
