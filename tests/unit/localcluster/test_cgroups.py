from pathlib import Path

import pytest

from localcluster import cgroups
from localcluster.cgroups import Hierarchy, Host

HYBRID = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 25 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:29 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset,clone_children
33 30 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
34 30 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
35 1 0:29 / /mnt/again rw,relatime - cgroup cgroup rw,cpuset,clone_children
"""
UNIFIED = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 25 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
"""


def test_parse_mounts__hybrid_machine__is_its_v1_hierarchies_each_once() -> None:
    assert cgroups.parse_mounts(HYBRID) == Host(
        is_unified=False,
        hierarchies=(
            Hierarchy(Path("/sys/fs/cgroup/cpu,cpuacct"), "cpu,cpuacct"),
            Hierarchy(Path("/sys/fs/cgroup/cpuset"), "cpuset"),
            Hierarchy(Path("/sys/fs/cgroup/systemd"), "none,name=systemd"),
        ),
    )


def test_parse_mounts__v2_machine__is_one_tree() -> None:
    tree = Hierarchy(Path("/sys/fs/cgroup"), "")
    assert cgroups.parse_mounts(UNIFIED) == Host(is_unified=True, hierarchies=(tree,))


def test_parse_mounts__no_control_groups__has_no_hierarchies() -> None:
    assert cgroups.parse_mounts(HYBRID.splitlines()[0]).hierarchies == ()


@pytest.fixture
def legacy(tmp_path: Path) -> Host:
    for name in ("cpuset", "pids"):
        (tmp_path / name).mkdir()
    return Host(
        is_unified=False,
        hierarchies=tuple(Hierarchy(tmp_path / name, name) for name in ("cpuset", "pids")),
    )


def test_create__v2__hands_the_missing_controllers_down(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    control = tmp_path / "cgroup.subtree_control"
    control.write_text("cpu\n")
    machine = Host(is_unified=True, hierarchies=(Hierarchy(tmp_path, ""),))
    assert cgroups.create(machine, "a") == (tmp_path / "a",)
    assert control.read_text() == "+memory"


def test_create__twice__is_well(legacy: Host, tmp_path: Path) -> None:
    groups = (tmp_path / "cpuset/a", tmp_path / "pids/a")
    assert cgroups.create(legacy, "a") == cgroups.create(legacy, "a") == groups


def test_members__nested_groups__are_all_processes_of_all_hierarchies(
    legacy: Host, tmp_path: Path
) -> None:
    (tmp_path / "pids/a/b").mkdir(parents=True)
    (tmp_path / "pids/a/cgroup.procs").write_text("7\n")
    (tmp_path / "pids/a/b/cgroup.procs").write_text("8\n9\n")
    (tmp_path / "cpuset/a").mkdir()
    (tmp_path / "cpuset/a/cgroup.procs").write_text("9\n10\n")
    assert cgroups.members(legacy, "a") == {7, 8, 9, 10}


def test_members__no_such_group__are_none(legacy: Host) -> None:
    assert cgroups.members(legacy, "a") == frozenset()


def test_existing__cluster_whose_name_begins_another__has_only_its_own(
    legacy: Host, tmp_path: Path
) -> None:
    for group in ("wasmwright_a_etcd", "wasmwright_a-b_etcd", "other"):
        (tmp_path / "pids" / group).mkdir()
    assert cgroups.existing(legacy, "a") == {"wasmwright_a_etcd"}
    assert cgroups.clusters(legacy) == {"a", "a-b"}


def test_destroy__empty_groups_in_some_hierarchies__removes_them(
    legacy: Host, tmp_path: Path
) -> None:
    (tmp_path / "pids/a/b/c").mkdir(parents=True)
    cgroups.destroy(legacy, ["a"])
    assert not (tmp_path / "pids/a").exists()
