from dataclasses import replace

import pytest

from unit.operator.fleet.status.statuses import CLASS, DONE, told, write
from wasmwright_operator.records import RuntimeClassRecord


@pytest.mark.parametrize(
    ("classes", "available", "class_ready"),
    [
        ((), ("False", "NoRuntimeClass"), ("False", "WaitingForNodes")),
        ((CLASS,), ("True", "Usable"), ("True", "Created")),
        (
            (replace(CLASS, runtime="", handler="x"),),
            ("False", "NoRuntimeClass"),
            ("False", "Conflict"),
        ),
    ],
    ids=["not-yet", "there", "foreign"],
)
def test_status__runtime_class(
    classes: tuple[RuntimeClassRecord, ...],
    available: tuple[str, str],
    class_ready: tuple[str, str],
) -> None:
    status = write(DONE, *classes).status

    assert told(status, "Available") == available
    assert told(status, "RuntimeClassReady") == class_ready
