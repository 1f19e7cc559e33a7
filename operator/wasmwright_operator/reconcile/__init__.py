"""The two loops: take a key, plan from the cache, carry the plan out, plan again."""

from wasmwright_operator.reconcile.loop import Reconciler

__all__ = ["Reconciler"]
