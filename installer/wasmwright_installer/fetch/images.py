"""Files that the node's container runtime has taken out of images, for us to check."""

import shutil
from typing import BinaryIO

from wasmwright_installer.contract import IMAGE_FILE, RuntimeEntry
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.fetching import Fetching


def take_from_image(entry: RuntimeEntry, fetching: Fetching, target: BinaryIO) -> None:
    """Write the file that was taken out of a source's image.

    Raises:
        ArtifactError: nobody has put it where it is looked for, or it is too large.
    """
    file = (fetching.images or fetching.folder) / entry.source.key / IMAGE_FILE
    if fetching.images is None or not file.is_file():
        raise ArtifactError(
            f"runtime {entry.name!r}: no file of its image is at {file}; have the container "
            "runtime pull the image, put the file there, and name the directory with --images",
            reason="ImageFileMissing",
        )
    if file.stat().st_size > fetching.limits.size:
        raise ArtifactError(
            f"runtime {entry.name!r}: the file of its image is larger than {fetching.limits.size} "
            "bytes; correct the source's path",
            reason="MemberNotFound",
        )
    with file.open("rb") as opened:
        shutil.copyfileobj(opened, target)
