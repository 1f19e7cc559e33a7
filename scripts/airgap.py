"""List what a cluster without a way out needs of a release, and write the chart's values for it.

airgap.py                                  what to mirror, with digests
airgap.py --registry R --files URL         the same, with its addresses on the mirror
airgap.py --registry R --files URL --values    values for the chart, all names replaced
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from localcluster import oci
from wasmwright_operator.catalogue import CatalogueError, Entry, Status, parse_entry
from wasmwright_operator.catalogue.mirroring import (
    Mirror,
    Needed,
    mirrored_spec,
    needed_files,
    needed_images,
)

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("operator", "installer")


def read_catalogue(folder: Path, wanted: Iterable[str]) -> tuple[Entry, ...]:
    """Return the entries that are asked for; without a name those that are current.

    Raises:
        CatalogueError: one cannot be read, or is not there.
    """
    entries = {
        path.stem: parse_entry(path.stem, path.read_text()) for path in folder.glob("*.yaml")
    }
    names = tuple(wanted) or tuple(
        sorted(name for name, entry in entries.items() if entry.status is Status.CURRENT)
    )
    for name in names:
        if name not in entries:
            known = ", ".join(sorted(entries))
            raise CatalogueError(f"the catalogue has no runtime {name!r}, only {known}")
    return tuple(entries[name] for name in names)


def chart_images(chart: Path) -> dict[str, str]:
    """Return the references of the chart's images, by part."""
    values = yaml.safe_load((chart / "values.yaml").read_text())
    version = yaml.safe_load((chart / "Chart.yaml").read_text())["appVersion"]
    images = {part: values[part]["image"] for part in PARTS}
    return {part: f"{it['repository']}:{it['tag'] or version}" for part, it in images.items()}


def chart_values(
    images: Iterable[Needed], entries: Iterable[Entry], mirror: Mirror
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return values with every outside name replaced, and the runtimes that have to stay out.

    What the chart would declare by itself has outside names, so it is told to declare nothing else.
    """
    values: dict[str, Any] = {}
    for image in images:
        repository, _, tag = (image.mirrored or image.address).rpartition(":")
        values[image.of] = {"image": {"repository": repository, "tag": tag, "digest": image.digest}}
    values["catalogue"] = {"declare": "None"}
    specs = {entry.id: mirrored_spec(entry, mirror) for entry in entries}
    values["runtimes"] = {name: spec for name, spec in specs.items() if spec is not None}
    return values, tuple(name for name, spec in specs.items() if spec is None)


def table(needed: Sequence[Needed]) -> str:
    """Return lines for people."""
    lines = []
    for item in needed:
        lines.append(f"{item.kind:5}  {item.of}")
        lines.append(f"       {item.address}")
        lines.append(f"       {item.digest or '(no digest is published)'}")
        lines += [f"    -> {item.mirrored}"] if item.mirrored else []
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runtimes", nargs="*", help="of the catalogue; without: all current ones")
    parser.add_argument("--registry", default="", help="mirror of images: registry/path")
    parser.add_argument("--files", default="", help="mirror of downloads: https://host/path")
    parser.add_argument("--archive", type=Path, help="OCI archive that tells the images' digests")
    parser.add_argument("--all-versions", action="store_true", help="all releases, not the first")
    parser.add_argument("--catalogue", type=Path, default=ROOT / "deploy/catalogue")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="one JSON object per line")
    output.add_argument("--values", action="store_true", help="values for the chart, as YAML")
    return parser.parse_args()


def main() -> int:
    """Print what was asked for; 1 = the catalogue cannot be used."""
    given = _arguments()
    mirror = Mirror(given.registry, given.files)
    try:
        entries = read_catalogue(given.catalogue, given.runtimes)
    except CatalogueError as error:
        print(f"airgap: {error}", file=sys.stderr)
        return 1
    known = {it.name: it.digest for it in oci.images(given.archive)} if given.archive else {}
    images = tuple(needed_images(chart_images(ROOT / "deploy/chart"), known, mirror))
    if given.values:
        values, left_out = chart_values(images, entries, mirror)
        print(yaml.safe_dump(values, sort_keys=False), end="")
        for name in left_out:
            print(f"airgap: {name} is left out: its digests are not published", file=sys.stderr)
        return 0
    needed = (*images, *needed_files(entries, mirror, all_versions=given.all_versions))
    lines = [json.dumps(asdict(item)) for item in needed] if given.json else [table(needed)]
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
