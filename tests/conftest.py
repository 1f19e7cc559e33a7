"""Every test may ask for a cluster, and many workers may run the tests."""

pytest_plugins = [
    "localcluster.pytest_plugin",
    "oracle.score_table",
    "support.chaos_seed",
    "support.interrupts",
    "support.lanes",
]
