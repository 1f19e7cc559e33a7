"""Every test may ask for a cluster; the plugin raises it once and takes it down at the end."""

pytest_plugins = ["localcluster.pytest_plugin"]
