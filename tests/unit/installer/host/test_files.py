import os
from pathlib import Path

import pytest

from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.files import HostFiles


@pytest.fixture
def files(tmp_path: Path) -> HostFiles:
    (tmp_path / "etc").mkdir()
    return HostFiles(tmp_path)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("links", "path", "expected"),
    [
        ({}, "/etc/a", "etc/a"),
        ({"var/run": "/run"}, "/var/run/c.sock", "run/c.sock"),
        ({"etc/a": "b"}, "/etc/a", "etc/b"),
        ({"etc/a": "../opt/b"}, "/etc/a", "opt/b"),
        ({"etc/a": "/etc/b", "etc/b": "/c"}, "/etc/a", "c"),
        ({"etc/a": "../../../../x"}, "/etc/a", "x"),
        ({}, "/../../etc/./a", "etc/a"),
    ],
    ids=["plain", "absolute folder", "relative", "up", "chain", "beyond the root", "dots"],
)
def test_local__symlinks__stay_below_the_root(
    files: HostFiles, links: dict[str, str], path: str, expected: str
) -> None:
    for name, target in links.items():
        place = files.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
    assert files.local(path) == files.root / expected


def test_local__symlink_loop__is_an_error(files: HostFiles) -> None:
    (files.root / "etc/a").symlink_to("b")
    (files.root / "etc/b").symlink_to("a")
    with pytest.raises(OSError, match="too many symbolic links"):
        files.local("/etc/a")


def test_local__root_is_the_root__leaves_paths_to_the_kernel() -> None:
    assert HostFiles(Path("/")).local("/proc/self/exe") == Path("/proc/self/exe")


def test_write__existing_file__keeps_mode_owner_and_attributes(files: HostFiles) -> None:
    place = files.root / "etc/a"
    place.write_bytes(b"old")
    place.chmod(0o640)
    os.chown(place, 12, 34)
    os.setxattr(place, "user.label", b"kept")
    files.write("/etc/a", b"new")
    status = place.stat()
    assert place.read_bytes() == b"new"
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o640, 12, 34)
    assert os.getxattr(place, "user.label") == b"kept"
    assert listed(files.root / "etc") == ["a"]


def test_write__one_attribute_cannot_be_set__keeps_the_others(
    files: HostFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = files.root / "etc/a"
    place.write_bytes(b"old")
    labels = {"security.selinux": b"system_u:object_r:etc_t:s0\0", "user.z": b"last"}
    for name, value in labels.items():
        os.setxattr(place, name, value)
    listed_names = os.listxattr
    monkeypatch.setattr(os, "listxattr", lambda path: ["system.refused", *listed_names(path)])
    files.write("/etc/a", b"new")
    assert {name: os.getxattr(place, name) for name in labels} == labels


def test_write__signature_of_the_old_content__is_not_kept(
    files: HostFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files.root / "etc/a").write_bytes(b"old")
    copied: list[str] = []
    monkeypatch.setattr(os, "listxattr", lambda _: ["security.ima", "user.a"])
    monkeypatch.setattr(os, "getxattr", lambda _path, name: name.encode())
    monkeypatch.setattr(os, "setxattr", lambda _file, name, _value: copied.append(name))
    files.write("/etc/a", b"new")
    assert copied == ["user.a"]


@pytest.mark.parametrize("is_root", [False, True], ids=["below a root", "root is /"])
def test_write__symlink_into_another_directory__keeps_link_owner_mode_and_label_of_the_file(
    tmp_path: Path, *, is_root: bool
) -> None:
    real, link = tmp_path / "data/real.toml", tmp_path / "etc/config.toml"
    for place in (real, link):
        place.parent.mkdir()
    real.write_bytes(b"old")
    os.chown(real, 12, 34)
    real.chmod(0o4640)
    os.setxattr(real, "security.selinux", b"system_u:object_r:etc_t:s0\0")
    link.symlink_to("../data/real.toml")
    files = HostFiles(Path("/") if is_root else tmp_path)
    files.write(str(link) if is_root else "/etc/config.toml", b"new")
    status = real.stat()
    assert link.readlink() == Path("../data/real.toml")
    assert real.read_bytes() == b"new"
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o4640, 12, 34)
    assert os.getxattr(real, "security.selinux").startswith(b"system_u:object_r:etc_t:s0")
    assert listed(tmp_path / "data") == ["real.toml"]
    assert listed(tmp_path / "etc") == ["config.toml"]


def test_write__symlink_that_leads_nowhere__makes_the_file_and_its_deletion_takes_that(
    files: HostFiles,
) -> None:
    (files.root / "data").mkdir()
    (files.root / "etc/a").symlink_to("/data/a")
    files.write("/etc/a", b"new")
    assert listed(files.root / "data") == ["a"]
    files.delete("/etc/a", follow=True)
    assert listed(files.root / "data") == []
    assert (files.root / "etc/a").is_symlink()


def test_prepare__nothing_is_seen_until_the_switch(files: HostFiles) -> None:
    files.write("/etc/a", b"old")
    files.link("/etc/l", "old")
    files.prepare("/etc/a", b"new")
    files.prepare_link("/etc/l", "new")
    assert (files.read("/etc/a"), files.link_target("/etc/l")) == (b"old", "old")
    files.switch("/etc/a")
    files.switch_link("/etc/l")
    assert (files.read("/etc/a"), files.link_target("/etc/l")) == (b"new", "new")
    assert listed(files.root / "etc") == ["a", "l"]


def test_write__new_file__has_the_wanted_mode_whatever_the_umask(files: HostFiles) -> None:
    before = os.umask(0o077)
    try:
        files.write("/etc/a", b"new", mode=0o644)
    finally:
        os.umask(before)
    assert (files.root / "etc/a").stat().st_mode & 0o7777 == 0o644


def test_write__symlink__changes_what_it_leads_to(files: HostFiles) -> None:
    (files.root / "data").mkdir()
    (files.root / "data/real").write_bytes(b"old")
    (files.root / "etc/a").symlink_to("/data/real")
    files.write("/etc/a", b"new")
    assert (files.root / "etc/a").is_symlink()
    assert (files.root / "data/real").read_bytes() == b"new"


def test_write__fails_half_way__leaves_the_old_content_and_nothing_else(files: HostFiles) -> None:
    (files.root / "etc/a").write_bytes(b"old")

    def fill(descriptor: int) -> None:
        os.write(descriptor, b"ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(RefusedError, match=r"/etc/a cannot be written.*No space left") as caught:
        files.write_stream("/etc/a", fill)
    assert caught.value.reason == "DiskFull"
    assert listed(files.root / "etc") == ["a"]
    assert files.read("/etc/a") == b"old"


def test_write__leavings_of_a_killed_run__are_used_up(files: HostFiles) -> None:
    (files.root / "etc/.a.wasmwright-new").write_bytes(b"half of something longer")
    files.write("/etc/a", b"new")
    assert listed(files.root / "etc") == ["a"]
    assert files.read("/etc/a") == b"new"


def test_write__folder_is_missing__is_refused_with_the_hosts_path(files: HostFiles) -> None:
    with pytest.raises(RefusedError, match="/none/a cannot be written"):
        files.write("/none/a", b"")


def test_link__existing_link__is_exchanged(files: HostFiles) -> None:
    files.link("/etc/a", "one")
    files.link("/etc/a", "two")
    assert files.link_target("/etc/a") == "two"
    assert listed(files.root / "etc") == ["a"]


def test_discard_temporary__of_a_file_and_of_what_a_link_leads_to(files: HostFiles) -> None:
    (files.root / "data").mkdir()
    (files.root / "etc/a").symlink_to("/data/a")
    for folder in ("etc", "data"):
        (files.root / folder / ".a.wasmwright-new").touch()
    files.discard_temporary("/etc/a")
    assert listed(files.root / "etc") == ["a"]
    assert listed(files.root / "data") == []


def test_delete__nothing_is_there__is_no_error(files: HostFiles) -> None:
    files.delete("/etc/none")
    files.delete("/none/none")
    files.delete_tree("/none")
    files.delete_empty_folder("/none")


def test_delete__symlink__leaves_what_it_leads_to(files: HostFiles) -> None:
    (files.root / "etc/real").write_bytes(b"x")
    files.link("/etc/a", "real")
    files.delete("/etc/a")
    assert listed(files.root / "etc") == ["real"]


def test_delete_tree__symlinks_in_it__are_not_followed(files: HostFiles) -> None:
    (files.root / "ours").mkdir()
    (files.root / "ours/link").symlink_to("../etc")
    (files.root / "etc/kept").touch()
    files.delete_tree("/ours")
    assert listed(files.root) == ["etc"]
    assert listed(files.root / "etc") == ["kept"]


def test_delete_empty_folder__something_is_in_it__stays(files: HostFiles) -> None:
    (files.root / "etc/a").touch()
    files.delete_empty_folder("/etc")
    assert files.exists("/etc/a")


def test_missing_folders__outermost_first__and_made_once(files: HostFiles) -> None:
    assert files.missing_folders("/etc/a/b") == ("/etc/a", "/etc/a/b")
    files.make_folders("/etc/a/b")
    files.make_folders("/etc/a/b")
    assert files.missing_folders("/etc/a/b") == ()


def test_glob__pattern__is_expanded_on_the_host_and_sorted(files: HostFiles) -> None:
    for name in ("d/2.toml", "d/1.toml", "d/x.conf", "e/3.toml"):
        (files.root / name).parent.mkdir(exist_ok=True)
        (files.root / name).touch()
    assert files.glob("/d/*.toml") == ["/d/1.toml", "/d/2.toml"]
    assert files.glob("/*/[0-9].toml") == []
    assert files.glob("/none/*.toml") == []
    assert files.glob("/*/3.toml") == ["/e/3.toml"]


def test_read__absent_file__is_none_and_no_text(files: HostFiles) -> None:
    assert files.read("/etc/none") is None
    assert files.read_text("/etc/none") == ""
    assert files.read_text("/etc") == ""
    assert files.names("/none") == []
    assert files.link_target("/etc") is None


def test_write_stream__crios_directory__never_holds_anything_but_the_file(tmp_path: Path) -> None:
    files = HostFiles(tmp_path)
    own = "/etc/crio/crio.conf.d/90-wasmwright.conf"
    files.make_folders("/etc/crio/crio.conf.d")
    seen = []

    def fill(descriptor: int) -> None:
        os.write(descriptor, b"half")
        seen.append((files.names("/etc/crio/crio.conf.d"), files.names("/etc/crio")))

    files.write_stream(own, fill)
    assert seen == [([], [".90-wasmwright.conf.wasmwright-new", "crio.conf.d"])]
    assert files.below("/etc/crio") == [own]
    (tmp_path / "etc/crio/.90-wasmwright.conf.wasmwright-new").touch()
    files.discard_temporary(own)
    assert files.below("/etc/crio") == [own]


def test_below__nested_directories__come_in_the_order_of_a_walk(tmp_path: Path) -> None:
    files = HostFiles(tmp_path)
    for path in ("/d/20", "/d/10/b", "/d/10/a", "/d/.x"):
        files.make_folders(path.rpartition("/")[0])
        files.write(path, b"")
    files.link("/d/30", "/d/10")
    assert files.below("/d") == ["/d/.x", "/d/10/a", "/d/10/b", "/d/20", "/d/30"]
    assert files.below("/none") == []
