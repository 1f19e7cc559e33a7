"""A cluster as tests, the demo and benchmarks use it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localcluster import binaries, cgroups, commands, images, lifecycle, state
from localcluster.control_plane import ControlPlane
from localcluster.errors import NoSuchClusterError
from localcluster.node import Node
from localcluster.progress import silent
from localcluster.spec import ClusterSpec
from localcluster.state import Record


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that is up: made by `Cluster.up` or found by `Cluster.attach`."""

    record: Record

    @classmethod
    def up(cls, spec: ClusterSpec, progress: Callable[[str], None] | None = None) -> "Cluster":
        """Raise a cluster, or finish, repair or find the one of that name, and return it Ready.

        `progress` is told each step in a sentence, from several threads. Raises PreflightError
        before anything is changed, SpecError if the cluster is up with other nodes, NotReadyError
        with the log of what did not come up.
        """
        return cls(lifecycle.up(spec, progress or silent))

    @classmethod
    def attach(cls, name: str) -> "Cluster":
        """Return the cluster of that name; NoSuchClusterError tells how to raise it."""
        record = state.load(name)
        if record is None or not ControlPlane(record, cgroups.host()).is_healthy():
            raise NoSuchClusterError(name)
        return cls(record)

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.record.spec.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for programs on the host."""
        return self.record.paths.kubeconfig

    @property
    def host_address(self) -> str:
        """The host's address on the cluster's bridge, which nodes and pods can reach."""
        return str(self.record.addresses.host)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, in the order of the spec."""
        return lifecycle.nodes(self.record)

    def kubectl(self, *arguments: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002 - as in commands.run
        """Run kubectl as the administrator and return its standard output.

        Raises CommandError with its standard error unless `check` is off.
        """
        program = str(binaries.ensure("kubectl"))
        config = f"--kubeconfig={self.kubeconfig}"
        return commands.run(program, config, *arguments, input=input, check=check)

    def load(self, *archives: Path, progress: Callable[[str], None] | None = None) -> None:
        """Import OCI archives into all nodes; an image that a node has is not sent again."""
        images.load(self.nodes, archives, progress or silent)

    def down(self) -> None:
        """Take the cluster down and remove every trace of it."""
        lifecycle.down(self.name)
