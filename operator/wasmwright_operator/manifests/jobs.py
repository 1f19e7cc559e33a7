"""Render the Job of one run, and check that a replaced template keeps what we rely on."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import yaml
from jinja2 import Environment, StrictUndefined, Template, TemplateError

from wasmwright_installer.contract import HandlerEntry as Handler
from wasmwright_installer.contract import HostBinary, NodeDocument, RuntimeEntry, Source
from wasmwright_operator import names
from wasmwright_operator.actions import CreateJob
from wasmwright_operator.manifests.handed import projected_sources, to_download
from wasmwright_operator.manifests.images import image_containers, image_pull_secrets
from wasmwright_operator.manifests.shapes import Shapes
from wasmwright_operator.records import RunKey

_NODE_PART: Final = 30
_HASH_PART: Final = 10
_PER_JOB: Final = frozenset(
    {"name", "labels", "annotations", "pod_annotations", "owner_references", "node_name"}
)
"""What differs from Job to Job; the rest of a rendered text comes in a few shapes."""

_FILES: Final = "source-files"
"""The volume that holds what documents only name."""

Manifest = dict[str, Any]


class JobTemplateError(ValueError):
    """The Job template cannot be used; the message says what in it and what to do."""


@dataclass(frozen=True, slots=True)
class JobPolicy:
    """What the cluster's owner decided for all Jobs."""

    namespace: str
    image: str
    pull_policy: str = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    ttl_seconds: int = 600
    deadline_seconds: int = 600


def job_name(node: str, run: RunKey) -> str:
    """Return the name of a run's Job: readable, and unlike that of any other run."""
    identity = f"{run.owner}/{run.hash}/{run.attempt}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_HASH_PART]
    readable = node[:_NODE_PART].replace(".", "-").strip("-")
    return f"wasmwright-{readable}-{digest}"


def node_hash(node: str) -> str:
    """Return a label value for a node whose name may be too long for one."""
    return hashlib.sha256(node.encode()).hexdigest()[:16]


def built_in_template() -> str:
    """Return the text of the template that is used unless another one is given."""
    return resources.files(__package__).joinpath("job.yaml.j2").read_text(encoding="utf-8")


class JobTemplate:
    """A checked template. Raises JobTemplateError when it does not give a Job that would work."""

    def __init__(
        self, text: str, policy: JobPolicy, *, source: str = "the built-in template"
    ) -> None:
        self.policy: Final = policy
        self._source = source
        self._template = self._compile(text)
        self._shapes = Shapes()
        self.render(_SAMPLE)

    def render(self, action: CreateJob) -> Manifest:
        """Return the Job's manifest."""
        context = _context(action, self.policy)
        try:
            text = self._template.render(context)
            manifest = self._shapes.parse(text, {name: context[name] for name in _PER_JOB})
        except (TemplateError, yaml.YAMLError) as error:
            raise JobTemplateError(f"{self._source} does not render: {error}") from error
        problem = next(_problems(manifest, context), None)
        if problem is not None:
            raise JobTemplateError(f"{self._source} cannot be used: {problem}")
        job: Manifest = manifest
        return job

    def _compile(self, text: str) -> Template:
        environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - YAML
        try:
            return environment.from_string(text)
        except TemplateError as error:
            raise JobTemplateError(f"{self._source} is no Jinja2 template: {error}") from error


def _context(action: CreateJob, policy: JobPolicy) -> Manifest:
    run, document = action.run, action.document
    labels = {
        names.MANAGED_BY: names.MANAGED_BY_VALUE,
        names.JOB_NODE_HASH: node_hash(action.node),
    }
    annotations = {
        names.JOB_NODE: action.node,
        names.JOB_HASH: run.hash,
        names.JOB_ATTEMPT: str(run.attempt),
        names.JOB_OWNER: run.owner,
    }
    text = document.model_dump_json(by_alias=True, exclude_none=True)
    return {
        "name": job_name(action.node, run),
        "namespace": policy.namespace,
        "labels": labels,
        "annotations": annotations,
        "pod_annotations": {**annotations, names.DOCUMENT: text},
        "document_annotation": names.DOCUMENT,
        "owner_references": [_owner(action)],
        "node_name": action.node,
        "needs_fetch": bool(to_download(document)),
        "handed_files": projected_sources(document),
        "image_containers": image_containers(document),
        "image": policy.image,
        "pull_policy": policy.pull_policy,
        "image_pull_secrets": [
            {"name": name}
            for name in dict.fromkeys((*policy.pull_secrets, *image_pull_secrets(document)))
        ],
        "ttl_seconds": policy.ttl_seconds,
        "deadline_seconds": policy.deadline_seconds,
    }


def _owner(action: CreateJob) -> Mapping[str, str]:
    return {
        "apiVersion": names.API_VERSION,
        "kind": "WasmNode",
        "name": action.node,
        "uid": action.run.owner,
    }


def _problems(manifest: object, context: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is missing, first things first."""
    for path, wanted in (
        ("apiVersion", "batch/v1"),
        ("kind", "Job"),
        ("metadata.name", context["name"]),
        ("metadata.namespace", context["namespace"]),
        ("metadata.labels", context["labels"]),
        ("metadata.annotations", context["annotations"]),
        ("metadata.ownerReferences", context["owner_references"]),
        ("spec.backoffLimit", 0),
        ("spec.template.metadata.labels", context["labels"]),
        ("spec.template.metadata.annotations", context["pod_annotations"]),
        ("spec.template.spec.nodeName", context["node_name"]),
        ("spec.template.spec.restartPolicy", "Never"),
        ("spec.template.spec.automountServiceAccountToken", False),
    ):
        found = _at(manifest, path)
        if not _holds(found, wanted):
            yield f"{path} is {found!r}, it must be {wanted!r}"
    containers = _at(manifest, "spec.template.spec.containers")
    if "apply" not in _container_names(containers):
        yield "spec.template.spec.containers has no container named 'apply'"
    init = _at(manifest, "spec.template.spec.initContainers")
    if context["needs_fetch"] and "fetch" not in _container_names(init):
        yield "spec.template.spec.initContainers has no container named 'fetch'"
    yield from _misplaced_files(manifest, context["handed_files"])
    for wanted in context["image_containers"]:
        if not any(_takes(item, wanted) for item in _items(init)):
            yield (
                "spec.template.spec.initContainers has none with name, image, command and"
                f" volumeMounts of {wanted['name']!r} in image_containers"
            )


def _takes(container: object, wanted: Mapping[str, Any]) -> bool:
    """Tell whether a container takes out of an image what another waits for."""
    return all(_at(container, key) == value for key, value in wanted.items())


def _misplaced_files(manifest: object, wanted: list[Any]) -> Iterator[str]:
    """Yield what keeps the files of the sources from the download, or shows them to others."""
    volumes = _items(_at(manifest, "spec.template.spec.volumes"))
    holds = any(_at(item, "projected.sources") == wanted for item in volumes if _is_files(item))
    if wanted and not holds:
        yield f"spec.template.spec.volumes has none named {_FILES!r} with handed_files"
    for path in ("spec.template.spec.initContainers", "spec.template.spec.containers"):
        for container in _items(_at(manifest, path)):
            mounts = any(_is_files(item) for item in _items(_at(container, "volumeMounts")))
            is_fetch = _at(container, "name") == "fetch"
            if mounts and not is_fetch:
                yield f"{path} mounts {_FILES!r} where it is not to be seen: only fetch may"
            if wanted and is_fetch and not mounts:
                yield f"{path}: fetch does not mount {_FILES!r}"


def _is_files(item: object) -> bool:
    return _at(item, "name") == _FILES


def _items(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _at(manifest: object, path: str) -> object:
    found = manifest
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _holds(found: object, wanted: object) -> bool:
    """Tell whether a value is as wanted; maps may hold more."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and wanted.items() <= found.items()
    return found == wanted


def _container_names(containers: object) -> set[object]:
    return {_at(item, "name") for item in _items(containers)}


_SAMPLE: Final = CreateJob(
    node="sample",
    run=RunKey(owner="00000000-0000-0000-0000-000000000000", hash="0" * 64, attempt=1),
    document=NodeDocument(
        hash="0" * 64,
        runtimes=(
            RuntimeEntry(
                name="sample",
                source=Source(host_path=HostBinary(path="/usr/bin/sample")),
                handler=Handler(handler="sample", binary="sample"),
            ),
        ),
    ),
)
