"""What is counted and measured, for Prometheus.

Queues and reconciles have the names that controller-runtime gave them, so dashboards and alerts
made for other operators work. No metric has a label per node: 5,000 nodes would be 5,000 series
each.
"""

from wasmwright_operator.metrics.counters import CONTENT_TYPE, Metrics

__all__ = ["CONTENT_TYPE", "Metrics"]
