"""The programs of the cluster that are compiled here, each an ordinary Go module of this package.

A version stands in one place: the `require` line of the component's go.mod.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from localcluster.errors import SpecError

MODULES: Final = Path(__file__).parent / "modules"


@dataclass(frozen=True, slots=True)
class Component:
    """A Go module and the commands that it builds."""

    name: str
    commands: tuple[str, ...]
    """Import paths; the last part of each names the executable. Empty = the module itself."""
    module: str = ""
    """The required module whose version is the component's; empty = none."""
    version_flags: str = ""
    """Linker flags that tell the version; `{version}`, `{major}` and `{minor}` are filled in."""
    folder: Path = MODULES
    """Where its directory is."""

    @property
    def directory(self) -> Path:
        """Where go.mod is."""
        return self.folder / self.name

    @property
    def version(self) -> str:
        """The version that go.mod requires, with its v; empty if it requires none."""
        found = re.search(
            rf"^(?:require )?\s*{re.escape(self.module)} (v\S+)",
            (self.directory / "go.mod").read_text(),
            re.MULTILINE,
        )
        return found[1] if self.module and found else ""

    @property
    def executables(self) -> tuple[str, ...]:
        """Names of the programs, as files of the component's directory in the cache."""
        return tuple(path.rpartition("/")[2] for path in self.commands) or (self.name,)

    def ldflags(self) -> str:
        """Return the linker flags: no symbols, and the version where the program shows one."""
        major, minor, *_ = [*self.version.lstrip("v").split("."), "", ""]
        told = self.version_flags.format(version=self.version, major=major, minor=minor)
        return f"-s -w {told}".strip()


_KUBERNETES_VERSION = "k8s.io/component-base/version"
_CONTAINERD_1 = "github.com/containerd/containerd"
_CONTAINERD_2 = f"{_CONTAINERD_1}/v2"

COMPONENTS: Final = (
    Component(
        "kubernetes",
        commands=tuple(
            f"k8s.io/kubernetes/cmd/{command}"
            for command in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
                "kubectl",
            )
        ),
        module="k8s.io/kubernetes",
        version_flags=(
            f"-X {_KUBERNETES_VERSION}.gitVersion={{version}}"
            f" -X {_KUBERNETES_VERSION}.gitMajor={{major}}"
            f" -X {_KUBERNETES_VERSION}.gitMinor={{minor}}"
        ),
    ),
    Component("etcd", commands=(), module="go.etcd.io/etcd/server/v3"),
    Component(
        "containerd-2.4",
        commands=tuple(
            f"{_CONTAINERD_2}/cmd/{command}"
            for command in ("containerd", "containerd-shim-runc-v2", "ctr")
        ),
        module=_CONTAINERD_2,
        version_flags=f"-X {_CONTAINERD_2}/version.Version={{version}}",
    ),
    Component(
        "helm",
        commands=("helm.sh/helm/v4/cmd/helm",),
        module="helm.sh/helm/v4",
        version_flags="-X helm.sh/helm/v4/internal/version.version={version}",
    ),
    Component(
        "kwok",
        commands=("sigs.k8s.io/kwok/cmd/kwok",),
        module="sigs.k8s.io/kwok",
        version_flags="-X sigs.k8s.io/kwok/pkg/consts.Version={version}",
    ),
    Component("registry", commands=(), module="github.com/distribution/distribution/v3"),
    Component("pause", commands=()),
)


def _daemon(release: str, module: str) -> Component:
    """Return containerd's daemon alone, for what has questions to ask of it and runs no pods."""
    return Component(
        f"containerd-{release}",
        commands=(f"{module}/cmd/containerd",),
        module=module,
        version_flags=f"-X {module}/version.Version={{version}}",
    )


DAEMONS: Final = (
    _daemon("1.6", _CONTAINERD_1),
    _daemon("1.7", _CONTAINERD_1),
    _daemon("2.0", _CONTAINERD_2),
    _daemon("2.1", _CONTAINERD_2),
    _daemon("2.2", _CONTAINERD_2),
    _daemon("2.3.4", _CONTAINERD_2),
    _daemon("2.3", _CONTAINERD_2),
)
"""No part of a cluster: the other minor versions, of each the newest release.

2.3.4 is the last of the five releases that migrate each imported file by its own schema number.
"""


def component(name: str) -> Component:
    """Return the component called `name`; SpecError names those that there are."""
    for known in (*COMPONENTS, *DAEMONS):
        if known.name == name:
            return known
    names = ", ".join(known.name for known in (*COMPONENTS, *DAEMONS))
    raise SpecError(f"there is no component {name!r}: the components are {names}")


def component_of(executable: str) -> Component:
    """Return the component that builds `executable`, such as kubernetes for kubectl."""
    for known in COMPONENTS:
        if executable in known.executables:
            return known
    names = ", ".join(name for known in COMPONENTS for name in known.executables)
    raise SpecError(f"no component builds {executable!r}: the programs are {names}")
