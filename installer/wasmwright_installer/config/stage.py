"""The planned files under another root, for the daemon to read before they are in place."""

from collections.abc import Mapping

import tomlkit

from wasmwright_installer.config.tables import parse


def staged(tree: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """Return every file of a configuration below `folder`, with absolute imports led there too.

    Relative imports need nothing: the folder mirrors the host's paths.
    """
    return {f"{folder}{path}": _led_to(folder, path, content) for path, content in tree.items()}


def _led_to(folder: str, path: str, content: bytes) -> bytes:
    imports = [str(item) for item in parse(path, content).get("imports", ())]
    if not any(item.startswith("/") for item in imports):
        return content
    document = tomlkit.parse(content.decode())
    document["imports"] = [f"{folder}{item}" if item.startswith("/") else item for item in imports]
    return tomlkit.dumps(document).encode()
