"""What clusters without a way out need of the outside, and how it is called on their mirror."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wasmwright_operator.catalogue.entry import Entry
from wasmwright_operator.catalogue.rendering import render_spec

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Needed:
    """One thing to be mirrored."""

    kind: str
    """`image` or `file`."""
    of: str
    """What it is for: `operator`, or a runtime with its version and architecture."""
    address: str
    """A reference of an image, or a URL."""
    digest: str
    """`sha256:...`; "" = nobody has published one."""
    mirrored: str = ""
    """Its address on the mirror; "" = none was named."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where everything is offered inside."""

    registry: str = ""
    """`registry/path`, below which images keep their names."""
    files: str = ""
    """`https://host/path`, below which files lie by the host and path of their URL."""

    def image(self, repository: str) -> str:
        """Return the repository of an image; the first part of a name may be a registry."""
        first, slash, rest = repository.partition("/")
        has_registry = slash and (any(sign in first for sign in ".:") or first == "localhost")
        path = rest if has_registry else repository
        return f"{self.registry.rstrip('/')}/{path}" if self.registry else ""

    def file(self, url: str) -> str:
        """Return the address of a download."""
        parts = urlsplit(url)
        return f"{self.files.rstrip('/')}/{parts.netloc}{parts.path}" if self.files else ""


def needed_images(
    images: Mapping[str, str], digests: Mapping[str, str], mirror: Mirror
) -> Iterator[Needed]:
    """Yield the chart's images.

    Args:
        images: references with tag, by part of the chart.
        digests: of references, as far as they are known.
        mirror: where they are to be.
    """
    for part, reference in images.items():
        repository, _, tag = reference.rpartition(":")
        inside = mirror.image(repository)
        digest = digests.get(reference, "")
        yield Needed("image", part, reference, digest, f"{inside}:{tag}" if inside else "")


def needed_files(
    entries: Iterable[Entry], mirror: Mirror, *, all_versions: bool = False
) -> Iterator[Needed]:
    """Yield the downloads of runtimes: of the first release of each, or of all releases."""
    for entry in entries:
        for release in entry.releases if all_versions else entry.releases[:1]:
            for item in release.source.downloads:
                of = f"{entry.id} {release.version} {item.arch}"
                digest = f"sha256:{item.sha256}" if item.sha256 else ""
                yield Needed("file", of, item.url, digest, mirror.file(item.url))


def mirrored_spec(entry: Entry, mirror: Mirror) -> Json | None:
    """Return the WasmRuntime's spec with its downloads from the mirror.

    None = nobody has published digests of them: what a mirror holds then cannot be checked.
    """
    if entry.releases[0].unverified:
        return None
    spec = render_spec(entry)
    for platform in spec["source"].get("http", {}).get("platforms", ()):
        platform["url"] = mirror.file(platform["url"]) or platform["url"]
    return spec
