"""Containers of a Job's pod that take one file each out of an image: the kubelet pulls it.

So mirrors, credentials of the node and images that are there already count as for any other pod.
The program that copies is lent by the installer's image, since an image may hold nothing but the
binary.
"""

from collections.abc import Mapping
from typing import Any, Final

from wasmwright_installer.contract import IMAGE_FILE, NodeDocument
from wasmwright_operator import names
from wasmwright_operator.manifests.handed import to_download

_LENT: Final = "/wasmwright-copier"
_PLACED: Final = "/wasmwright-image"

ImageContainer = Mapping[str, Any]


def image_containers(document: NodeDocument) -> list[ImageContainer]:
    """Return what the template writes of each: name, image, command, mounts, by subPath the key."""
    wanted = {
        entry.source.key: entry.source.image
        for entry in to_download(document)
        if entry.source.image is not None
    }
    return [
        {
            "name": f"{names.IMAGE_CONTAINER}{number}",
            "image": image.ref,
            "command": _command(image.path),
            "volumeMounts": _mounts(key),
        }
        for number, (key, image) in enumerate(sorted(wanted.items()))
    ]


def image_pull_secrets(document: NodeDocument) -> tuple[str, ...]:
    """Return the Secrets with which these images may be pulled, by name."""
    images = (entry.source.image for entry in to_download(document))
    named = (name for image in images if image is not None for name in image.pull_secrets)
    return tuple(dict.fromkeys(named))


def _command(path: str) -> list[str]:
    """The loader is called by its path: the image need not have one."""
    loader = [f"{_LENT}/loader", "--library-path", f"{_LENT}/lib", f"{_LENT}/dd"]
    return [*loader, f"if={path}", f"of={_PLACED}/{IMAGE_FILE}", "bs=1M", "status=none"]


def _mounts(key: str) -> list[Mapping[str, Any]]:
    """Each sees its own directory alone: what is in an image may not touch what is of another."""
    return [
        {"name": "copier", "mountPath": _LENT, "readOnly": True},
        {"name": "images", "mountPath": _PLACED, "subPath": key},
    ]
