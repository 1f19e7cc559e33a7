"""Keys of reconciles, and whose plans a record is for."""

from typing import Final, Protocol

from wasmwright_operator.cache.store import Record

FLEET: Final = "fleet"
_NODE: Final = "node/"


class Work(Record, Protocol):
    """What Jobs and pods have in common."""

    @property
    def node(self) -> str:
        """The node on which they run."""
        ...


def node_key(node: str) -> str:
    """Return the key of one node's reconcile."""
    return f"{_NODE}{node}"


def node_of(key: str) -> str:
    """Return the node of such a key."""
    return key.removeprefix(_NODE)


def of_fleet(_record: Record) -> tuple[str, ...]:
    """Return the keys for what only the fleet plan looks at."""
    return (FLEET,)


def of_fleet_and_node(record: Record) -> tuple[str, ...]:
    """Return the keys for what both plans look at: such records have their node's name."""
    return (FLEET, node_key(record.name))


def of_node(record: Work) -> tuple[str, ...]:
    """Return the keys for what only the plan of one node looks at."""
    return (node_key(record.node),)
