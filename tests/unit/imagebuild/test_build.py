"""The order of a build, with programs in the place of buildah, docker, pip and hatchling."""

import json
import os
import tarfile
from pathlib import Path

import pytest

from imagebuild import build, wheels
from imagebuild.recipe import Part
from localcluster import commands
from localcluster.errors import CommandError
from support.fake_programs import FakePrograms

_BUILDAH = """
import json, pathlib
arguments = sys.argv[1:]
while arguments[0].startswith("--"):
    arguments = arguments[2:]
if arguments[0] == "push":
    layout, _, name = arguments[-1].removeprefix("oci:").partition(":")
    index = pathlib.Path(layout, "index.json")
    pathlib.Path(layout).mkdir(exist_ok=True)
    known = json.loads(index.read_text())["manifests"] if index.exists() else []
    known.append({"annotations": {"org.opencontainers.image.ref.name": name}})
    index.write_text(json.dumps({"manifests": known}))
"""


@pytest.fixture
def machine(
    programs: FakePrograms, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakePrograms:
    """A machine with a base and wheels in its cache, as after the first build."""
    root = tmp_path / "root"
    (root / "usr/share/doc").mkdir(parents=True)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/python3").write_text("python")
    (root / "usr/share/doc/README").write_text("nobody reads this")
    monkeypatch.setattr("localcluster.rootfs.ensure", lambda *_, **__: root)
    monkeypatch.setattr(wheels, "build_own", lambda into: into.mkdir())

    def ensure_dependencies(part: Part, _: object) -> Path:
        made = cache / "wheels" / part
        made.mkdir(parents=True)
        (made / f"{part}.whl").write_text(part)
        return made

    monkeypatch.setattr(wheels, "ensure_dependencies", ensure_dependencies)
    programs.add("unshare", "import os; os.execvp(sys.argv[3], sys.argv[3:])")
    programs.add("buildah", _BUILDAH)
    programs.add("docker")
    return programs


def verbs(machine: FakePrograms) -> list[str]:
    known = {"build", "push", "images"}
    return [next(a for a in argv if a in known) for argv in machine.argvs("buildah")]


def test_ensure__makes_base_and_both_images_and_one_archive(machine: FakePrograms) -> None:
    images = build.ensure()

    assert verbs(machine) == ["images", "build", "build", "push", "build", "push"]
    assert images.archive is not None
    with tarfile.open(images.archive) as packed:
        index = json.loads(packed.extractfile("index.json").read())  # type: ignore[union-attr]
    names = [m["annotations"]["io.containerd.image.name"] for m in index["manifests"]]
    assert names == [images.names.reference(part) for part in Part]


def test_ensure__nothing_changed__builds_nothing(machine: FakePrograms) -> None:
    first = build.ensure()
    calls = len(machine.calls)

    assert build.ensure() == first
    assert len(machine.calls) == calls


def test_ensure__builds_in_a_namespace_that_ends_with_it__and_pulls_nothing(
    machine: FakePrograms,
) -> None:
    build.ensure()

    assert all(argv[:2] == ["--mount", "--"] for argv in machine.argvs("unshare"))
    builds = [argv for argv in machine.argvs("buildah") if "build" in argv]
    assert all({"--pull-never", "--layers"} <= set(argv) for argv in builds)


def test_ensure__keeps_the_newest_archives_only(machine: FakePrograms, cache: Path) -> None:
    assert machine.calls == []
    home = cache / "images"
    home.mkdir(parents=True)
    for age in range(6):
        path = home / f"wasmwright-{age}.tar"
        path.write_text("old")
        os.utime(path, (100 - age, 100 - age))

    images = build.ensure()

    kept = {path.name for path in home.glob("wasmwright-*.tar")}
    assert images.archive is not None
    assert kept == {images.archive.name, "wasmwright-0.tar", "wasmwright-1.tar"}


def test_ensure__build_fails__says_why_and_leaves_no_archive(
    machine: FakePrograms, cache: Path
) -> None:
    machine.add("buildah", "sys.exit('no space left on device')")

    with pytest.raises(CommandError, match="no space left on device"):
        build.ensure()

    assert not list((cache / "images").glob("*.tar"))


def test_ensure_in_docker__builds_both_on_the_base_that_the_containerfile_names(
    machine: FakePrograms,
) -> None:
    images = build.ensure_in_docker()

    built = [argv for argv in machine.argvs("docker") if argv[0] == "build"]
    assert [argv[argv.index("--tag") + 1] for argv in built] == [
        images.names.reference(part) for part in Part
    ]
    assert not any("BASE" in word for argv in built for word in argv)
    assert machine.argvs("buildah") == []


def test_ensure_in_docker__docker_has_them__builds_nothing(machine: FakePrograms) -> None:
    machine.add("docker", "print('sha256:1')")

    build.ensure_in_docker()

    assert {argv[0] for argv in machine.argvs("docker")} == {"images"}


def test_ensure__tools_missing__installs_them_before_anything_is_made(
    machine: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcluster.apt.missing_packages", lambda: ("debootstrap",))
    monkeypatch.setattr("imagebuild.buildah.missing_packages", lambda: ("buildah",))
    machine.add("apt-get")
    told: list[str] = []

    build.ensure(told.append)

    assert told[:2] == ["installing debootstrap", "installing buildah"]
    assert [argv[-1] for argv in machine.argvs("apt-get") if "install" in argv] == [
        "debootstrap",
        "buildah",
    ]


def test_base__is_packed_without_what_no_program_reads(
    machine: FakePrograms, tmp_path: Path
) -> None:
    from imagebuild import base

    assert machine.calls == []
    base.pack(tmp_path / "root", tmp_path / "base.tar")

    listed = commands.run("tar", "--list", "--file", str(tmp_path / "base.tar")).splitlines()
    assert "./usr/bin/python3" in listed
    assert not any("usr/share/doc" in name for name in listed)
