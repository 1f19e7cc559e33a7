"""Which revision of a runtime a node is to have now."""

from wasmwright_operator.fleet.rollout.judgement import Judgement, Rollout

__all__ = ["Judgement", "Rollout"]
