"""What stays in the store, what goes, and what is noticed of it."""

import errno
from pathlib import Path

import pytest

from unit.installer.documents import artifacts, document, fetched, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, make_node
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.run import apply
from wasmwright_installer.apply.store import kept_binaries
from wasmwright_installer.contract import NodeDocument
from wasmwright_installer.errors import ArtifactError, RefusedError
from wasmwright_installer.host.state import InstalledBinary, KeptBinary, State

STORE = "/opt/wasmwright/store"
LINK = "/opt/wasmwright/bin/light/containerd-shim-light-v1"


def edition(number: int, *, keep: int = 0) -> NodeDocument:
    wanted = document(shim("light", content=f"#!/bin/sh\n# {number}\n".encode()))
    return wanted.model_copy(update={"keep_versions": keep})


def digest_of(wanted: NodeDocument) -> str:
    source = wanted.runtimes[0].source.http
    assert source is not None
    return source.sha256


def path_of(wanted: NodeDocument) -> str:
    return f"{STORE}/{digest_of(wanted)}/containerd-shim-light-v1"


def install(node: FakeNode, number: int, *, keep: int = 0) -> tuple[str, ...]:
    wanted = edition(number, keep=keep)
    contents = {"light": f"#!/bin/sh\n# {number}\n".encode()}
    folder = artifacts(node.root / f"art{number}", *wanted.runtimes, contents=contents)
    return apply(node.host, wanted, folder).stored


def kept(handler: str, digest: str) -> KeptBinary:
    return KeptBinary(handler=handler, digest=digest, sha256=f"sha of {digest}")


def binary(digest: str) -> InstalledBinary:
    return InstalledBinary(name="x", digest=digest, binary_sha256=f"sha of {digest}")


@pytest.mark.parametrize(
    ("last", "older", "now", "count", "expected"),
    [
        ("a", (), "b", 1, ("a",)),
        ("a", (), "b", 0, ()),
        ("b", ("a",), "c", 1, ("b",)),
        ("b", ("a",), "c", 2, ("b", "a")),
        ("b", ("a",), "b", 1, ("a",)),
        ("b", ("a",), "a", 1, ("b",)),
        (None, (), "a", 1, ()),
        ("", (), "a", 1, ()),
        ("b", ("a",), "c", 9, ("b", "a")),
    ],
    ids=[
        "one",
        "none wanted",
        "the latest",
        "two",
        "nothing new",
        "and back",
        "first",
        "of the host",
        "more than there are",
    ],
)
def test_kept_binaries__after_a_change__are_the_latest_before(
    last: str | None, older: tuple[str, ...], now: str, count: int, expected: tuple[str, ...]
) -> None:
    previous = State(
        runtimes={} if last is None else {"h": binary(last)},
        kept=(*(kept("h", digest) for digest in older), kept("other", "z")),
    )
    found = kept_binaries(previous, {"h": binary(now)}, count)
    assert found == tuple(kept("h", digest) for digest in expected)


def test_apply__upgrade_with_a_version_to_keep__goes_back_without_a_download(
    usual: FakeNode,
) -> None:
    one, two, three = (digest_of(edition(number)) for number in (1, 2, 3))
    assert install(usual, 1, keep=1) == (one,)
    assert install(usual, 2, keep=1) == tuple(sorted((one, two)))
    assert install(usual, 3, keep=1) == tuple(sorted((two, three)))
    assert usual.files.names(STORE) == sorted((two, three))
    apply(usual.host, edition(2, keep=1), None)
    assert usual.read(LINK) == b"#!/bin/sh\n# 2\n"
    assert usual.files.names(STORE) == sorted((two, three))
    assert usual.daemon.restarts == 1


def test_apply__fewer_versions_to_keep__lets_the_others_go(usual: FakeNode) -> None:
    install(usual, 1, keep=1)
    install(usual, 2, keep=1)
    apply(usual.host, edition(2), None)
    assert usual.files.names(STORE) == [digest_of(edition(2))]


def test_apply__runtime_goes__and_its_older_versions_with_it(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    before = node.tree()
    install(node, 1, keep=1)
    install(node, 2, keep=1)
    other = document(shim("other")).model_copy(update={"keep_versions": 1})
    apply(node.host, other, fetched(tmp_path, other))
    assert node.files.names(STORE) == [digest_of(other)]
    apply(node.host, document(), None)
    assert node.tree() == before


def run_from(node: FakeNode, path: str) -> None:
    node.add_process(900, path)


def run_from_deleted(node: FakeNode, path: str) -> None:
    node.add_process(900, "/usr/bin/other")
    node.link("/proc/900/exe", f"{path} (deleted)")


def map_into_memory(node: FakeNode, path: str) -> None:
    node.add_process(900, "/usr/bin/other")
    node.put("/proc/900/maps", f"7f00-7f01 r-xp 00000 fe:00 42 {path} (deleted)\n".encode())


def run_in_a_task(node: FakeNode, path: str) -> None:
    node.add_pod("s1", path, "shop/cart", alive=False)


def run_in_a_task_of_runc(node: FakeNode, path: str) -> None:
    node.add_pod("s1", "/usr/bin/containerd-shim-runc-v2", "shop/cart", runtime=path)


def name_in_the_configuration(node: FakeNode, path: str) -> None:
    node.put(MAIN, node.read(MAIN) + f"# {path}\n".encode())


@pytest.mark.parametrize(
    "need",
    [
        run_from,
        run_from_deleted,
        map_into_memory,
        run_in_a_task,
        run_in_a_task_of_runc,
        name_in_the_configuration,
    ],
)
@pytest.mark.parametrize("is_link", [False, True], ids=["/opt", "/opt is a symlink"])
def test_apply__older_binary_is_still_needed__stays_until_it_is_not(
    usual: FakeNode, need: object, *, is_link: bool
) -> None:
    if is_link:
        (usual.root / "var").mkdir()
        (usual.root / "opt").rename(usual.root / "var/opt")
        (usual.root / "opt").symlink_to("var/opt")
    install(usual, 1)
    main = usual.read(MAIN)
    path = path_of(edition(1))
    assert callable(need)
    need(usual, f"/var{path}" if is_link else path)
    install(usual, 2)
    assert digest_of(edition(1)) in usual.files.names(STORE)
    usual.put("/proc/900/maps")
    usual.link("/proc/900/exe", "/usr/bin/other")
    usual.put("/proc/900/cmdline", b"other")
    usual.files.delete_tree("/run/containerd/io.containerd.runtime.v2.task")
    usual.put(MAIN, main)
    apply(usual.host, edition(2), None)
    assert usual.files.names(STORE) == [digest_of(edition(2))]


def test_apply__stored_binary_is_damaged__is_told_and_then_fetched_anew(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    apply(usual.host, wanted, folder)
    usual.put(path_of(wanted), b"#!/bin/sh\n# rotten\n", mode=0o755)
    inode = (usual.root / path_of(wanted).lstrip("/")).stat().st_ino
    with pytest.raises(ArtifactError, match=r"is damaged .*fetch it again") as caught:
        apply(usual.host, wanted, None)
    assert caught.value.reason == "StoreDamaged"
    apply(usual.host, wanted, folder)
    assert usual.read(LINK) == b"#!/bin/sh\n# light\n"
    assert (usual.root / path_of(wanted).lstrip("/")).stat().st_ino != inode, "who runs keeps it"
    assert usual.daemon.restarts == 1


def test_apply__half_a_binary_of_a_killed_run__goes(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    apply(usual.host, wanted, folder)
    after = usual.tree()
    usual.put(f"{STORE}/{digest_of(wanted)}/.containerd-shim-light-v1.wasmwright-new", b"#!")
    apply(usual.host, wanted, folder)
    assert usual.tree() == after


def test_apply__binaries_would_fill_the_disk__is_refused_before_the_first_byte(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual.files, "free_bytes", lambda _: 1000)
    usual.files.refuses = lambda _number, path: path.startswith("/opt") and errno.EIO
    wanted = document(shim("light"), shim("other"))
    before = usual.tree()
    with pytest.raises(RefusedError, match=r"2 binaries .* need 36 bytes.*1000 are left") as caught:
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert caught.value.reason == "DiskFull"
    assert usual.tree() == before


def test_apply__disk_is_nearly_full_and_the_binary_is_there__needs_none_of_it(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    monkeypatch.setattr(usual.files, "free_bytes", lambda _: 1000)
    assert not apply(usual.host, wanted, fetched(tmp_path, wanted)).changed
