"""Operations of JSON patches, which fail as a whole when they come too late."""

from wasmwright_operator.kube.port import Raw


def test(path: str, value: object) -> Raw:
    """Return what lets the whole patch fail if there is another value; null = there is none."""
    return {"op": "test", "path": path, "value": value}


def new_map(path: str) -> list[Raw]:
    """Return what makes room for a first key; where others came first it must not empty theirs."""
    return [test(path, None), {"op": "add", "path": path, "value": {}}]


def escaped(key: str) -> str:
    """Return a key as part of a path."""
    return key.replace("~", "~0").replace("/", "~1")
