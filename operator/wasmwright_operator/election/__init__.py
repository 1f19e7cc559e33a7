"""Which of several operator processes acts: the one that holds the Lease."""

from wasmwright_operator.election.elector import Elector, LeadershipLostError

__all__ = ["Elector", "LeadershipLostError"]
