from wasmwright_operator.actions import LabelNode
from wasmwright_operator.reconcile.contention import Contention

READY = LabelNode("n1", "uid", {"runtime.wasmwright.dev/spin": "ready"})
FAILED = LabelNode("n1", "uid", {"runtime.wasmwright.dev/spin": "failed"})
OTHER = LabelNode("n2", "uid-2", READY.changes)


def fight(contention: Contention, rounds: int, now: float = 0.0) -> tuple[list[float], list[int]]:
    """Have the label changed back at once after each write; return the pauses and when to tell."""
    pauses, told = [], []
    for number in range(rounds):
        pauses.append(contention.wait(READY, now))
        now += pauses[-1]
        assert contention.wait(READY, now) == 0
        if contention.note(READY, now):
            told.append(number)
    return pauses, told


def test_contention__labels_changed_back_at_once__slows_down_and_is_told_once() -> None:
    pauses, told = fight(Contention(), 14)
    assert pauses == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert told == [2]


def test_contention__another_change_or_another_node__is_made_at_once() -> None:
    contention = Contention()
    fight(contention, 6)
    assert contention.wait(READY, 20) > 0
    assert contention.wait(FAILED, 20) == contention.wait(OTHER, 20) == 0


def test_contention__changed_back_now_and_then__is_put_right_at_once_each_time() -> None:
    contention = Contention()
    for number in range(20):
        now = number * 61.0
        assert contention.wait(READY, now) == 0
        assert not contention.note(READY, now)


def test_contention__that_ended_and_begins_anew__is_told_again() -> None:
    contention = Contention()
    fight(contention, 6)
    assert fight(contention, 6, now=1000.0) == ([0, 0, 0, 2, 4, 8], [2])
