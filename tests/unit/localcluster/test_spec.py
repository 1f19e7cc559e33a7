import tomllib

import pytest

from localcluster import ClusterSpec, flavours
from localcluster.errors import SpecError


def test_spec__by_default__has_two_nodes_of_different_containerd_majors() -> None:
    assert ClusterSpec().nodes == ("containerd-1.7", "containerd-2.4")


@pytest.mark.parametrize("name", ["", "1st", "-a", "a-", "a_b", "A", "a.b", "a" * 31])
def test_spec__name_that_fits_nowhere__says_what_fits(name: str) -> None:
    with pytest.raises(SpecError, match="lower-case letters"):
        ClusterSpec(name=name)


def test_spec__unknown_flavour__names_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"'docker'.*containerd-1\.7, containerd-2\.4"):
        ClusterSpec(nodes=("docker",))


def test_spec__more_nodes_than_addresses__says_how_many_there_may_be() -> None:
    with pytest.raises(SpecError, match="at most 99 nodes, not 100"):
        ClusterSpec(nodes=("containerd-1.7",) * 100)


@pytest.mark.parametrize(
    ("flavour", "version", "table"),
    [
        (flavours.CONTAINERD_1_7, 2, "io.containerd.grpc.v1.cri"),
        (flavours.CONTAINERD_2_4, 3, "io.containerd.cri.v1.runtime"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_flavour__configuration__has_runc_with_systemd_cgroups_in_the_table_of_its_version(
    flavour: flavours.Flavour, version: int, table: str
) -> None:
    config = tomllib.loads(flavour.config)
    runc = config["plugins"][table]["containerd"]["runtimes"]["runc"]
    assert config["version"] == version
    assert runc["options"] == {"SystemdCgroup": True}


@pytest.mark.parametrize("flavour", flavours.FLAVOURS, ids=lambda flavour: flavour.name)
def test_flavour__configuration__imports_nothing(flavour: flavours.Flavour) -> None:
    assert "imports" not in tomllib.loads(flavour.config)


def test_spec__arguments_for_an_unknown_program__names_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"'kubelet'.*etcd, kube-apiserver"):
        ClusterSpec(arguments={"kubelet": ("-v=9",)})
