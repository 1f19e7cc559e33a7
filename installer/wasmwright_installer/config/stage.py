"""The planned files under another root, for the daemon to read before they are in place."""

from collections.abc import Mapping

from wasmwright_installer.config.import_array import with_imports
from wasmwright_installer.config.tables import parse
from wasmwright_installer.errors import RefusedError


def staged(tree: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """Return every file of a configuration below `folder`, with absolute imports led there too.

    Relative imports need nothing: the folder mirrors the host's paths.

    Raises:
        RefusedError: the imports of a file are written in a way that is not understood.
    """
    return {f"{folder}{path}": _led_to(folder, path, content) for path, content in tree.items()}


def _led_to(folder: str, path: str, content: bytes) -> bytes:
    imports = [str(item) for item in parse(path, content).get("imports", ())]
    if not any(item.startswith("/") for item in imports):
        return content
    led = [f"{folder}{item}" if item.startswith("/") else item for item in imports]
    edited = with_imports(path, content, led)
    if edited is None:
        raise RefusedError(
            f"the imports of {path} cannot be read apart, so the change cannot be tried out before "
            'it is made; write them as imports = ["..."] and run again',
            reason="ImportsUnreadable",
        )
    return edited
