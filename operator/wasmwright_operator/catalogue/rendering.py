"""An entry, and what its user wants otherwise -> a WasmRuntime."""

from collections.abc import Mapping
from typing import Any

from wasmwright_operator import names
from wasmwright_operator.catalogue.entry import Entry
from wasmwright_operator.catalogue.reading import CatalogueError
from wasmwright_operator.catalogue.releases import Release

Json = dict[str, Any]


def render_manifest(entry: Entry, overrides: Mapping[str, Any] | None = None) -> Json:
    """Return the WasmRuntime of an entry; see `render_spec`."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": "WasmRuntime",
        "metadata": {"name": entry.id},
        "spec": render_spec(entry, overrides),
    }


def render_spec(entry: Entry, overrides: Mapping[str, Any] | None = None) -> Json:
    """Return the spec of the WasmRuntime of an entry.

    Args:
        entry: the runtime.
        overrides: fields of the spec, as people write them. Maps are laid over the entry's field by
            field, save for `source`, which counts as a whole; a `version` that the entry knows
            chooses that release.

    Raises:
        CatalogueError: the version is none of the entry's, and no source of its own is given.
    """
    given = dict(overrides or {})
    version = given.get("version", entry.releases[0].version)
    release = next((item for item in entry.releases if item.version == version), None)
    if release is None and "source" not in given:
        known = ", ".join(item.version for item in entry.releases)
        raise CatalogueError(
            f"runtime {entry.id!r}: the catalogue has no version {version!r}, only {known};"
            " choose one of them or give source"
        )
    spec = _spec(entry, release)
    if "source" in given:
        spec.pop("source", None)
    return _overlaid(spec, given)


def _spec(entry: Entry, release: Release | None) -> Json:
    config: Json = {"podsSurviveRestart": entry.pods_survive_restart}
    if entry.pod_annotations:
        config["podAnnotations"] = list(entry.pod_annotations)
    if release is not None and release.options:
        config["options"] = dict(release.options)
    spec: Json = {
        "handler": entry.handler,
        "type": entry.type.value,
        "config": config,
        "runtimeClasses": [{"name": name} for name in entry.runtime_classes],
    }
    if release is not None:
        spec["version"] = release.version
        spec["source"] = release.source.model_dump(mode="json", exclude_defaults=True)
    return spec


def _overlaid(below: Json, above: Mapping[str, Any]) -> Json:
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        if isinstance(value, Mapping) and isinstance(under, dict):
            result[key] = _overlaid(under, value)
        else:
            result[key] = value
    return result
