"""Artifacts in registries, by the distribution specification."""
