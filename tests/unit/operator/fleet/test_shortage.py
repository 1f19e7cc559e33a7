"""How people are told for what nodes wait."""

from itertools import permutations

from wasmwright_operator.fleet.shortage import Limit, Shortage, tell

OWN = Shortage(Limit.UNAVAILABLE, "spin")
OTHERS = Shortage(Limit.UNAVAILABLE, "wasmtime")
GLOBAL = Shortage(Limit.GLOBAL)


def test_tell__limits_that_hold_up_as_many_nodes__are_named_in_one_order() -> None:
    counted = {OTHERS: 1, OWN: 1, GLOBAL: 2, Shortage(Limit.NOT_READY): 5}
    said = {tell(dict(order), "spin") for order in permutations(counted.items())}
    (sentence,) = said
    assert sentence.split(", ") == [
        "2 wait for the cluster's rollout.maxParallel",
        "1 wait for maxUnavailable",
        "1 wait for maxUnavailable of wasmtime",
    ]


def test_tell__nodes_that_are_not_ready_alone__says_nothing() -> None:
    assert tell({Shortage(Limit.NOT_READY): 5}, "spin") == ""
