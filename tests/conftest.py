"""Every test may ask for a cluster, and many workers may run the tests."""

from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
"""What wall clocks say of one example on a busy machine is no finding."""

pytest_plugins = [
    "localcluster.pytest_plugin",
    "oracle.score_table",
    "support.chaos_seed",
    "support.garbage",
    "support.interrupts",
    "support.lanes",
    "support.untraced",
]
