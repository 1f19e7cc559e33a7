"""What happens to a node's configuration in its life with us, each proved by the daemon itself."""

import tomllib
from collections.abc import Callable, Mapping
from typing import Final

from oracle.mains import Main
from oracle.nodes import Document, Node, changed, handlers_in, without
from oracle.oracles import oracle
from unit.installer.documents import crun, document, shim
from wasmwright_installer.config.files import DROP_IN
from wasmwright_installer.config.tables import runtimes
from wasmwright_installer.contract import NodeDocument

ONE: Final = document(shim("light"), crun())
NEWER: Final = document(shim("light", content=b"#!/bin/sh\n# newer\n"), crun())
TWO: Final = document(shim("light"), crun(), shim("spin", options={"SystemdCgroup": True}))
NOTHING: Final = document()
OURS: Final = frozenset({"light", "crun", "spin"})


def has(node: Node, asked: NodeDocument, before: Document) -> None:
    """Assert that the daemon will serve what was asked for, and else just what it did before."""
    dump = node.dumped()
    wanted = node.tables_of(asked)
    assert changed(without(before, OURS), without(dump, OURS)) == {}
    served = handlers_in(dump)
    assert served.keys() & OURS == wanted.keys()
    for name, table in wanted.items():
        assert {key: served[name].get(key) for key in table} == table


def add(node: Node) -> None:
    before = node.dumped()
    assert node.converge(ONE).writes
    has(node, ONE, before)


def add_again(node: Node) -> None:
    add(node)
    content = node.content
    assert node.converge(ONE).writes == ()
    assert node.content == content


def add_a_second(node: Node) -> None:
    before = node.dumped()
    add(node)
    node.converge(TWO)
    has(node, TWO, before)


def upgrade(node: Node) -> None:
    """Another binary under the same name is a symlink's matter, not the configuration's."""
    add(node)
    assert node.converge(NEWER).writes == ()


def remove_one(node: Node) -> None:
    before = node.dumped()
    node.converge(TWO)
    node.converge(ONE)
    has(node, ONE, before)


def remove(node: Node) -> None:
    before = node.dumped()
    add(node)
    node.converge(NOTHING)
    assert node.content == node.pristine
    has(node, NOTHING, before)


def remove_again(node: Node) -> None:
    remove(node)
    assert node.converge(NOTHING).writes == ()


def remove_after_two(node: Node) -> None:
    add_a_second(node)
    node.converge(NOTHING)
    assert node.content == node.pristine


def remove_without_memory(node: Node) -> None:
    add_a_second(node)
    node.forget()
    node.converge(NOTHING)
    assert node.content == node.pristine


def edit_above(node: Node) -> None:
    """Somebody else puts lines at the head of the main file."""
    head = b"# by hand\n" + (b"" if b"oom_score" in _main(node) else b"oom_score = 7\n")
    add(node)
    _edit(node, lambda text: head + text)
    before = node.dumped()
    node.converge(TWO)
    has(node, TWO, before)
    node.converge(NOTHING)
    has(node, NOTHING, before)
    assert _main(node).startswith(head)


def edit_below(node: Node) -> None:
    """Somebody else puts a table at the end of the main file."""
    tail = b'\n[proxy_plugins.by-hand]\n  type = "snapshot"\n  address = "/run/by-hand.sock"\n'
    add(node)
    _edit(node, lambda text: text + tail)
    before = node.dumped()
    node.converge(TWO)
    has(node, TWO, before)
    node.converge(NOTHING)
    has(node, NOTHING, before)
    assert tail in _main(node)


def edit_of_ours(node: Node) -> None:
    """Somebody else leads our handler to another binary; the next run leads it back."""
    before = node.dumped()
    add(node)
    old, new = b"containerd-shim-light-v1", b"containerd-shim-other-v1"
    for path, content in node.content.items():
        if isinstance(content, bytes) and old in content:
            node.edit(path, content.replace(old, new))
    assert "other" in handlers_in(node.dumped())["light"]["runtime_type"]
    node.converge(ONE)
    has(node, ONE, before)
    node.converge(NOTHING)
    assert node.content == node.pristine


def ours_is_deleted(node: Node) -> None:
    """Somebody else puts every file back to what it was before us, as a boot may."""
    before = node.dumped()
    add(node)
    for path in node.content.keys() - node.pristine.keys():
        node.edit(path, None)
    for path, content in node.pristine.items():
        if isinstance(content, bytes):
            node.edit(path, content)
    node.converge(ONE)
    has(node, ONE, before)
    node.converge(NOTHING)
    assert node.content == node.pristine


def drop_in_is_deleted(node: Node) -> None:
    """Somebody else removes our own file, but not what leads to it."""
    before = node.dumped()
    add(node)
    for path in node.content:
        if path.endswith(f"/{DROP_IN}"):
            node.edit(path, None)
    node.dumped()
    node.converge(ONE)
    has(node, ONE, before)
    node.converge(NOTHING)
    assert node.content == node.pristine


def foreign_handler(node: Node) -> None:
    """Somebody else adds a handler behind us; ours come and go, theirs and runc stay."""
    plan = node.converge(ONE)
    holder = next((p for p in node.content if _holds(node, p, plan.table)), node.main)
    header = f'\n[plugins."{plan.table}".containerd.runtimes.gvisor]\n'
    gvisor = f'{header}  runtime_type = "io.containerd.runsc.v1"\n'.encode()
    _edit(node, lambda text: text + gvisor, holder)
    before = node.dumped()
    assert {"gvisor", "light"} <= handlers_in(before).keys()
    node.converge(TWO)
    has(node, TWO, before)
    node.converge(NOTHING)
    has(node, NOTHING, before)


def rewritten(node: Node) -> None:
    """Somebody else saves what the daemon understands as the main file: no marks, all tables."""
    add(node)
    _edit(node, lambda _: node.oracle.reads(node.root, node.main).stdout.encode())
    before = node.dumped()
    node.converge(TWO)
    has(node, TWO, before)
    node.converge(NOTHING)
    has(node, NOTHING, before)


def daemon_is_upgraded(node: Node) -> None:
    """containerd 1.7 becomes the next release with our lines in its file."""
    newer = node.oracle
    expected = node.dumped()
    node.oracle = oracle("1.7 of Debian")
    add(node)
    node.oracle = newer
    assert handlers_in(node.dumped()).keys() >= {"runc", "light", "crun"}
    node.converge(TWO)
    has(node, TWO, expected)
    node.converge(NOTHING)
    assert node.content == node.pristine


def _main(node: Node) -> bytes:
    return node.files.read(node.main) or b""


def _edit(node: Node, change: Callable[[bytes], bytes], path: str = "") -> None:
    place = path or node.main
    node.edit(place, change(node.files.read(place) or b""))


def _holds(node: Node, path: str, table: str) -> bool:
    """Whether a file other than our own declares handlers in a table."""
    if not path.endswith(".toml") or path.endswith(f"/{DROP_IN}"):
        return False
    document = tomllib.loads((node.files.read(path) or b"").decode())
    return runtimes(document, table) is not None


def continues(main: Main) -> bool:
    """Whether a table can be put behind a file's last line: not where it is written inline."""
    return "inline" not in main.name and "dotted" not in main.name


def is_marked(main: Main, release: tuple[int, int]) -> bool:
    """Whether what we write can be told without our memory: not inside of an inline table."""
    return release >= (2, 0) or "inline" not in main.name


def is_read_by_1_7(main: Main) -> bool:
    return main.since == (1, 6) and main.saved is None


Operation = Callable[[Node], None]
EVERYWHERE: Final[Mapping[str, Operation]] = {
    "add": add,
    "add again": add_again,
    "add a second": add_a_second,
    "upgrade": upgrade,
    "remove one": remove_one,
    "remove": remove,
    "remove again": remove_again,
    "remove after two": remove_after_two,
    "remove without memory": remove_without_memory,
    "edit above": edit_above,
    "edit below": edit_below,
    "edit of ours": edit_of_ours,
    "ours is deleted": ours_is_deleted,
    "drop-in is deleted": drop_in_is_deleted,
    "foreign handler": foreign_handler,
    "rewritten": rewritten,
}
UPGRADE: Final = "daemon is upgraded"


def operations(main: Main, release: tuple[int, int]) -> dict[str, Operation]:
    """Return what can happen to a main file under a release."""
    found = dict(EVERYWHERE)
    if not continues(main):
        del found["foreign handler"]
    if not is_marked(main, release):
        del found["remove without memory"]
    if release >= (2, 0) and is_read_by_1_7(main):
        found[UPGRADE] = daemon_is_upgraded
    return found
