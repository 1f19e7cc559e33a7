"""What runs on when containerd no longer knows of it: guests of our shims, and their bundles."""

from typing import Final

from localcluster import Node

TASKS: Final = "/run/containerd/io.containerd.runtime.v2.task/k8s.io"
"""Where containerd keeps a bundle for each container."""
_STORE: Final = "/opt/wasmwright/store/"


def running_artifacts(node: Node) -> set[str]:
    """Return the folders of the node's store whose binaries run."""
    found = node.exec(
        "sh", "-c", "for each in /proc/[0-9]*; do readlink $each/exe; done", check=False
    )
    paths = (path.removeprefix(_STORE) for path in found.splitlines() if path.startswith(_STORE))
    return {path.partition("/")[0] for path in paths}


def end_guests(node: Node) -> None:
    """End what shims of ours left running, and let what they left on disk be old."""
    node.exec(
        "sh",
        "-c",
        "for each in /proc/[0-9]*; do case $(readlink $each/exe) in"
        " /opt/wasmwright/store/*) kill -9 ${each#/proc/};; esac; done;"
        " sleep 1; touch -d @1 " + TASKS + "/* || true",
        check=False,
    )
