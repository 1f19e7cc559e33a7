"""What tests on a real cluster look at, and how they wait for it."""
