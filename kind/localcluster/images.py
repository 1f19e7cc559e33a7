"""Bring images into nodes, as `kind load` does: no registry, no pull."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localcluster import oci
from localcluster.node import Node
from localcluster.oci import Image
from localcluster.progress import Progress

_IMAGES = ("--namespace", "k8s.io", "images")


def load(nodes: Sequence[Node], archives: Iterable[Path], progress: Progress) -> None:
    """Import OCI archives into all nodes, at the same time; a node is spared what it has."""
    wanted = tuple((archive, oci.images(archive)) for archive in archives)
    with ThreadPoolExecutor(max(len(nodes), 1), thread_name_prefix="load") as pool:
        work = [pool.submit(_load, node, wanted, progress) for node in nodes]
    for done in work:
        done.result()


def _load(
    node: Node, archives: Iterable[tuple[Path, tuple[Image, ...]]], progress: Progress
) -> None:
    ctr = ("ctr", "--address", node.socket, *_IMAGES)
    present = parse_listing(node.exec(*ctr, "list"))
    for archive, images in archives:
        if set(images) <= present:
            continue
        progress(f"loading {', '.join(image.name for image in images)} into {node.name}")
        node.feed(archive, *ctr, "import", "--all-platforms", "-")


def parse_listing(listing: str) -> frozenset[Image]:
    """Read the output of `ctr images list`: name, type and digest are its first columns."""
    rows = (line.split() for line in listing.splitlines()[1:])
    return frozenset(Image(name=row[0], digest=row[2]) for row in rows if len(row) > 2)  # noqa: PLR2004 - columns
