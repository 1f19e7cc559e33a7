import pytest

from wasmwright_operator.api.meta import LabelSelector
from wasmwright_operator.selectors import selects

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
