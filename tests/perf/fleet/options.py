"""What is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """One run of the benchmark."""

    nodes: int = 100
    runtimes: int = 1
    lean: bool = False
    """Nodes without the labels and images that make real ones large."""
    max_parallel: int = 100
    """`rollout.maxParallel` of each runtime."""
    api_rate: int = 500
    """The operator's own limit in requests per second; the burst is twice as much."""
    steady_seconds: float = 30
    """For how long nothing changes."""
    kills: int = 20
    """How often the operator is killed while a changed source is rolled out."""
    seed: int = 1
    """Decides when."""
    job_seconds: int = 30
    """For how long a Job is kept that ended while the operator was killed, or in a probe."""
