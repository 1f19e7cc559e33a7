import pytest

from wasmwright_operator.api.meta import LabelSelector, Toleration
from wasmwright_operator.fleet.eligibility import barring_taint, selects
from wasmwright_operator.records import Taint

LABELS = {"pool": "wasm", "tier": "1"}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ({}, True),
        ({"matchLabels": {"pool": "wasm"}}, True),
        ({"matchLabels": {"pool": "other"}}, False),
        ({"matchLabels": {"pool": "wasm", "absent": ""}}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["1", "2"]}]}, True),
        ({"matchExpressions": [{"key": "gone", "operator": "In", "values": ["1"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["1"]}]}, False),
        ({"matchExpressions": [{"key": "gone", "operator": "NotIn", "values": ["1"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "gone", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "gone", "operator": "DoesNotExist"}]}, True),
    ],
)
def test_selects(selector: dict[str, object], matches: bool) -> None:  # noqa: FBT001
    assert selects(LabelSelector.model_validate(selector), LABELS) == matches


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
