"""How large an image is, read from the archive that nodes import."""

import json
import tarfile
from pathlib import Path
from typing import Any


def sizes(archive: Path, reference: str) -> dict[str, float]:
    """Return the compressed size of an image in MB: all of it, and without its base."""
    with tarfile.open(archive) as tar:

        def read(path: str) -> Any:
            file = tar.extractfile(path)
            assert file is not None, path
            return json.load(file)

        (digest,) = (
            manifest["digest"]
            for manifest in read("index.json")["manifests"]
            if manifest["annotations"]["io.containerd.image.name"] == reference
        )
        layers = [layer["size"] for layer in read(f"blobs/{digest.replace(':', '/')}")["layers"]]
    return {"mb": round(sum(layers) / 1e6, 1), "mb_without_base": round(sum(layers[1:]) / 1e6, 1)}
