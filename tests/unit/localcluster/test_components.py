from dataclasses import replace
from pathlib import Path

import pytest

from localcluster import binaries, components
from localcluster.components import Component
from localcluster.errors import SpecError

BY_NAME = {component.name: component for component in components.COMPONENTS}


def test_ldflags__kubernetes__tell_the_version_that_go_mod_requires() -> None:
    kubernetes = BY_NAME["kubernetes"]
    required = f"k8s.io/kubernetes {kubernetes.version}"
    assert required in (kubernetes.directory / "go.mod").read_text()
    assert kubernetes.ldflags() == (
        f"-s -w -X k8s.io/component-base/version.gitVersion={kubernetes.version}"
        " -X k8s.io/component-base/version.gitMajor=1"
        " -X k8s.io/component-base/version.gitMinor=36"
    )


@pytest.mark.parametrize("name", ["etcd", "containerd-2.4", "helm", "kwok", "registry"])
def test_version__component_with_a_module__is_a_release(name: str) -> None:
    assert BY_NAME[name].version.startswith("v")


@pytest.mark.parametrize("daemon", components.DAEMONS, ids=lambda daemon: daemon.name)
def test_daemons__each__is_a_release_of_its_minor_version_and_tells_it(daemon: Component) -> None:
    assert f"containerd-{daemon.version.removeprefix('v')}".startswith(daemon.name)
    assert daemon.ldflags().endswith(f"{daemon.module}/version.Version={daemon.version}")
    assert components.component(daemon.name) is daemon


def test_component_of__containerd__is_the_one_of_the_nodes() -> None:
    assert components.component_of("containerd") not in components.DAEMONS


def test_version__component_of_our_own__is_empty() -> None:
    assert BY_NAME["pause"].version == ""
    assert BY_NAME["pause"].ldflags() == "-s -w"


@pytest.mark.parametrize(
    ("executable", "component"),
    [("kubectl", "kubernetes"), ("helm", "helm"), ("etcd", "etcd"), ("ctr", "containerd-2.4")],
)
def test_component_of__program__is_what_builds_it(executable: str, component: str) -> None:
    assert components.component_of(executable).name == component


def test_component_of__unknown_program__names_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"'docker'.*kubectl"):
        components.component_of("docker")


def test_component__unknown_name__names_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"'podman'.*kubernetes, etcd"):
        components.component("podman")


@pytest.fixture
def module(tmp_path: Path) -> Component:
    directory = tmp_path / "thing"
    directory.mkdir()
    (directory / "go.mod").write_text(
        "module example.org/thing\n\nrequire example.org/lib v1.2.3\n"
    )
    return Component("thing", commands=(), module="example.org/lib", folder=tmp_path)


def test_build_key__same_content__is_the_same(module: Component) -> None:
    assert binaries.build_key(module, "go1.26") == binaries.build_key(module, "go1.26")


def test_build_key__anything_changed__is_another(module: Component) -> None:
    keys = {binaries.build_key(module, "go1.26"), binaries.build_key(module, "go1.27")}
    (module.directory / "main.go").write_text("package main\n")
    keys.add(binaries.build_key(module, "go1.26"))
    (module.directory / "main.go").write_text("package main // changed\n")
    keys.add(binaries.build_key(module, "go1.26"))
    flagged = replace(module, version_flags="-X main.v={version}")
    keys.add(binaries.build_key(flagged, "go1.26"))
    assert len(keys) == 5
