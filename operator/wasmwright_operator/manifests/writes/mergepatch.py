"""Fields as requests carry them: in a merge patch null removes, in a new object it says nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from wasmwright_operator.api.meta import ApiModel
from wasmwright_operator.kube.port import Raw


def at(resource_version: str) -> Raw:
    """Begin a merge patch that is refused if the object is newer than we know it."""
    return {"metadata": {"resourceVersion": resource_version}}


def replacing(model: ApiModel) -> Raw:
    """Return all fields, with null for what is absent: a merge patch removes it then.

    Lists are replaced as a whole, so within them an absent field is left out.
    """
    return {
        key: _without_nulls(value) if isinstance(value, list) else value
        for key, value in _plain(model).items()
    }


def filled(model: ApiModel) -> Raw:
    """Return the fields that have a value, for an object that is new."""
    fields: Raw = _without_nulls(_plain(model))
    return fields


def _plain(model: ApiModel) -> Raw:
    return model.model_dump(mode="json", by_alias=True)


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case Mapping():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case str():
            return value
        case Sequence():
            return [_without_nulls(item) for item in value]
        case _:
            return value
