"""The two kinds of clusters that the demo runs on, behind one face."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from demo.errors import DemoError
from localcluster import Cluster, ClusterSpec, binaries, commands, lifecycle, paths
from localcluster.progress import Progress

LOCAL_NAME: Final = "demo"
KIND_NAME: Final = "wasmwright-demo"
FLAVOURS: Final = ("containerd-1.7", "containerd-2.4")
KIND_CONFIG: Final = Path(__file__).parents[1] / "cluster.yaml"


class Kubectl(Protocol):
    """Anything that runs kubectl against a cluster and has a kubeconfig: tests bring their own."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        """Run kubectl and return what it prints."""


class DemoCluster(Kubectl, Protocol):
    """What the demo needs of a cluster beside kubectl."""

    @property
    def workers(self) -> tuple[str, ...]:
        """The nodes that run pods."""

    @property
    def shell(self) -> str:
        """The line that makes a shell speak to this cluster."""

    def load(self, archive: Path | None, references: Sequence[str], progress: Progress) -> None:
        """Put images into all nodes; `archive` is None where docker holds them."""


@dataclass(frozen=True, slots=True)
class LocalDemoCluster:
    """A local cluster."""

    cluster: Cluster

    @classmethod
    def up(cls, progress: Progress) -> "LocalDemoCluster":
        """Raise the cluster, or find it up."""
        spec = ClusterSpec(name=LOCAL_NAME, nodes=FLAVOURS)
        return cls(Cluster.up(spec, progress=progress))

    @staticmethod
    def down(progress: Progress) -> bool:
        """Remove the cluster; False if there was none."""
        progress(f"looking for a local cluster {LOCAL_NAME} to remove")
        return lifecycle.down(LOCAL_NAME)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.cluster.kubeconfig

    @property
    def shell(self) -> str:
        """The line that makes a shell speak to this cluster, with a kubectl of its version."""
        directory = binaries.ensure("kubectl").parent
        return f"export KUBECONFIG={self.kubeconfig} PATH={directory}:$PATH"

    @property
    def workers(self) -> tuple[str, ...]:
        """The nodes that run pods: all of them."""
        return tuple(node.name for node in self.cluster.nodes)

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        """Run kubectl and return what it prints."""
        return self.cluster.kubectl(*args, input=input, check=check)

    def load(self, archive: Path | None, references: Sequence[str], progress: Progress) -> None:
        """Import an archive into all nodes; those that have its images are spared."""
        if archive is None:
            raise DemoError(f"there is no archive of {', '.join(references)} to import")
        self.cluster.load(archive, progress=progress)


@dataclass(frozen=True, slots=True)
class KindDemoCluster:
    """A cluster of kind. Its own node image brings kubectl."""

    kubeconfig: Path

    @classmethod
    def up(cls, progress: Progress) -> "KindDemoCluster":
        """Make the cluster, or find it there."""
        kubeconfig = paths.cache_root() / f"{KIND_NAME}.kubeconfig"
        kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        where = ("--name", KIND_NAME, "--kubeconfig", str(kubeconfig))
        if _kind_cluster_exists():
            commands.run("kind", "export", "kubeconfig", *where)
        else:
            progress(f"kind makes the cluster {KIND_NAME}")
            create = ("kind", "create", "cluster", "--config", str(KIND_CONFIG), "--wait", "180s")
            commands.run(*create, *where)
        return cls(kubeconfig)

    @staticmethod
    def down(progress: Progress) -> bool:
        """Remove the cluster; False if there was none."""
        kubeconfig = paths.cache_root() / f"{KIND_NAME}.kubeconfig"
        if not kubeconfig.exists():
            return False
        progress(f"removing the cluster {KIND_NAME} of kind")
        commands.run(
            *("kind", "delete", "cluster", "--name", KIND_NAME, "--kubeconfig", str(kubeconfig))
        )
        kubeconfig.unlink(missing_ok=True)
        return True

    @property
    def shell(self) -> str:
        """The line that makes a shell speak to this cluster."""
        return f"export KUBECONFIG={self.kubeconfig}"

    @property
    def workers(self) -> tuple[str, ...]:
        """The nodes that run pods: those without the taint of a control plane."""
        listed = json.loads(self.kubectl("get", "nodes", "--output", "json"))["items"]
        return tuple(
            node["metadata"]["name"]
            for node in listed
            if "node-role.kubernetes.io/control-plane" not in node["metadata"]["labels"]
        )

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        """Run the control plane's kubectl and return what it prints."""
        inside = ("docker", "exec", "--interactive", f"{KIND_NAME}-control-plane")
        admin = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")
        return commands.run(*inside, *admin, *args, input=input, check=check)

    def load(self, archive: Path | None, references: Sequence[str], progress: Progress) -> None:
        """Load an archive, or images of docker, into all nodes."""
        progress(f"loading {', '.join(references)}")
        in_docker = ("docker-image", *references)
        what = in_docker if archive is None else ("image-archive", str(archive))
        commands.run("kind", "load", *what, "--name", KIND_NAME)


def _kind_cluster_exists() -> bool:
    return KIND_NAME in commands.run("kind", "get", "clusters").split()
