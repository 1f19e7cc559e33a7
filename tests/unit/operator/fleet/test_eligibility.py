import pytest

from wasmwright_operator.api.meta import Toleration
from wasmwright_operator.fleet.eligibility import barring_taint
from wasmwright_operator.records import Taint

CONTROL_PLANE = Taint("node-role.kubernetes.io/control-plane", "NoSchedule")


@pytest.mark.parametrize(
    ("taint", "tolerations", "bars"),
    [
        (CONTROL_PLANE, [], True),
        (CONTROL_PLANE, [{"key": CONTROL_PLANE.key, "operator": "Exists"}], False),
        (CONTROL_PLANE, [{"operator": "Exists"}], False),
        (CONTROL_PLANE, [{"operator": "Exists", "effect": "NoExecute"}], True),
        (CONTROL_PLANE, [{"key": "other", "operator": "Exists"}], True),
        (Taint("a", "NoSchedule", "b"), [{"key": "a", "value": "b"}], False),
        (Taint("a", "NoSchedule", "b"), [{"key": "a", "value": "c"}], True),
        (Taint("a", "NoExecute"), [], True),
        (Taint("a", "PreferNoSchedule"), [], False),
        (Taint("node.kubernetes.io/unschedulable", "NoSchedule"), [], False),
        (Taint("node.kubernetes.io/unreachable", "NoExecute"), [], False),
    ],
)
def test_barring_taint(taint: Taint, tolerations: list[dict[str, str]], *, bars: bool) -> None:
    given = [Toleration.model_validate(item) for item in tolerations]

    assert barring_taint([taint], given) == (taint if bars else None)
