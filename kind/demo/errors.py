"""What can go wrong in the demo's own steps; the rest comes from the local cluster."""


class DemoError(Exception):
    """A step did not reach its goal; the message says what was tried and what was seen."""
