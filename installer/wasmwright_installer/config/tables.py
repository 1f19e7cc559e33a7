"""Where handlers stand in the configuration of a container runtime.

containerd and CRI-O have no key in common, so one question fits the files of both.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from wasmwright_installer.errors import RefusedError

GRPC_TABLE: Final = "io.containerd.grpc.v1.cri"
"""The CRI plugin's table in schema 1 and 2; containerd 2.x still migrates it."""
RUNTIME_TABLE: Final = "io.containerd.cri.v1.runtime"
"""The table since schema 3. A file of schema 2 may hold it too (AKS does)."""
CRIO_TABLE: Final = "crio.runtime"
"""CRI-O's table; a handler that a later file names again is replaced as a whole."""

TABLES: Final = (GRPC_TABLE, RUNTIME_TABLE, CRIO_TABLE)

Document = Mapping[str, Any]

_BARE_KEY = re.compile(r"^[A-Za-z0-9_-]+\Z")


def parse(path: str, content: bytes) -> Document:
    """Parse a file; one that is no TOML is refused with its name and the place.

    The document is for reading only: the same bytes, which one run asks about a dozen times, give
    the same one again.
    """
    try:
        return _parsed(content)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RefusedError(
            f"{path} is no valid TOML ({error}); mend it first", reason="ConfigUnreadable"
        ) from error


@lru_cache(maxsize=64)
def _parsed(content: bytes) -> Document:
    return tomllib.loads(content.decode())


def plugin(document: Document, table: str) -> Document | None:
    """Return a plugin's table, or None if the document has none."""
    return _table(document, "plugins", table)


def _table(document: Document, *path: str) -> Document | None:
    level: object = document
    for key in path:
        level = level.get(key) if isinstance(level, Mapping) else None
    return level if isinstance(level, Mapping) else None


def place_of_handlers(table: str) -> tuple[str, ...]:
    """Return the keys that lead to the handlers of a table."""
    if table == CRIO_TABLE:
        return ("crio", "runtime", "runtimes")
    return ("plugins", table, "containerd", "runtimes")


def runtimes(document: Document, table: str) -> Document | None:
    """Return the handlers that a document declares in a table, or None if it declares none."""
    return _table(document, *place_of_handlers(table))


def all_runtimes(document: Document) -> dict[str, Any]:
    """Return the handlers of a document in whichever table."""
    merged: dict[str, Any] = {}
    for table in TABLES:
        merged.update(runtimes(document, table) or {})
    return merged


def declared_in(tree: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the handlers that some files declare, in whichever table."""
    declared: dict[str, Any] = {}
    for path, content in tree.items():
        declared.update(all_runtimes(parse(path, content)))
    return declared


def table_in_use(tree: Mapping[str, bytes], major: int) -> str:
    """Return the plugin table whose handlers the daemon takes, by what the files hold.

    The schema number does not decide alone: a file of schema 2 may hold the newer table. containerd
    2.x takes handlers of the older one only where no file has any in the newer one, and up to 2.2
    only where the main file says schema 2.
    """
    if major == 1:
        return GRPC_TABLE
    documents = [parse(path, content) for path, content in tree.items()]
    is_migrated = bool(documents) and documents[0].get("version") in {1, 2}
    for holds in (runtimes, plugin):
        for table in (RUNTIME_TABLE, GRPC_TABLE) if is_migrated else (RUNTIME_TABLE,):
            if any(holds(document, table) is not None for document in documents):
                return table
    return RUNTIME_TABLE


def default_runtime(document: Document) -> str:
    """Return the name of the handler for pods without a RuntimeClass, or ""."""
    for table in (RUNTIME_TABLE, GRPC_TABLE):
        containerd = (plugin(document, table) or {}).get("containerd", {})
        if containerd.get("default_runtime_name"):
            return str(containerd["default_runtime_name"])
    return str((_table(document, "crio", "runtime") or {}).get("default_runtime", ""))


def render_handler(table: str, name: str, content: Document) -> Iterator[str]:
    """Yield the lines of a handler's tables, as the daemons' own documentation writes them."""
    header = ".".join(_key(part) for part in (*place_of_handlers(table), name))
    scalars = {key: value for key, value in content.items() if not isinstance(value, Mapping)}
    yield f"[{header}]"
    for key, value in scalars.items():
        yield f"  {_key(key)} = {_value(value)}"
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield f"  [{header}.{_key(key)}]"
            for inner, scalar in value.items():
                yield f"    {_key(inner)} = {_value(scalar)}"


def _key(name: str) -> str:
    return name if _BARE_KEY.match(name) else _string(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, (int, float)):
        return str(value)
    return _string(str(value))


def _string(value: str) -> str:
    """JSON's string is TOML's, but for pairs of surrogates and for the one character DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def handler_line(text: str, name: str) -> int:
    """Return the number of the line that declares a handler, or 0 if none was found.

    A header counts before a key, since a key of that name may mean something else.
    """
    key = rf"""["']?{re.escape(name)}["']?"""
    header = re.compile(rf"^\s*\[.*runtimes\s*\.\s*{key}\s*\]")
    dotted = re.compile(rf"^\s*(?:[^#=\[]*runtimes\s*\.\s*)?{key}\s*[.=]")
    lines = list(enumerate(text.splitlines(), start=1))
    for pattern in (header, dotted):
        for number, line in lines:
            if pattern.match(line):
                return number
    return 0
