"""Which files a CRI-O reads, by its command line and environment, and which one is too old."""

from collections.abc import Mapping, Sequence

from wasmwright_installer.detect.daemon import Version, flag
from wasmwright_installer.errors import UnsupportedNodeError

DEFAULT_MAIN = "/etc/crio/crio.conf"
DEFAULT_FOLDER = "/etc/crio/crio.conf.d"

_OLDEST = (1, 26)
"""The first one that knows the annotations of wasm in `allowed_annotations`; it drops a handler
whose list holds one that it does not know."""


def main_file(
    arguments: Sequence[str], environment: Mapping[str, str], working_directory: str
) -> str:
    """Return the file that a CRI-O reads first; it need not exist."""
    given = flag(arguments[1:], "--config", "-config", "-c", "--c")
    return _absolute(
        given or environment.get("CONTAINER_CONFIG") or DEFAULT_MAIN, working_directory
    )


def drop_in_folder(
    arguments: Sequence[str], environment: Mapping[str, str], working_directory: str
) -> str:
    """Return the directory whose files a CRI-O lays over the main one, each and every of them."""
    given = flag(arguments[1:], "--config-dir", "-config-dir", "-d", "--d")
    folder = given or environment.get("CONTAINER_CONFIG_DIR") or DEFAULT_FOLDER
    return _absolute(folder, working_directory).rstrip("/")


def _absolute(path: str, working_directory: str) -> str:
    return path if path.startswith("/") else f"{working_directory.rstrip('/')}/{path}"


def refuse_old(version: Version) -> None:
    """Refuse a CRI-O that would drop what we write.

    Raises:
        UnsupportedNodeError: with what to do.
    """
    if (version.major, version.minor) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise UnsupportedNodeError(
            f"CRI-O {version.text} is older than {oldest}, the first one that lets runtimes have "
            "the annotations of WebAssembly; upgrade it",
            reason="CRIOTooOld",
        )
