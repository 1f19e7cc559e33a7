"""Render the chart with the real Helm."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from localcluster import binaries

CHART = Path(__file__).parents[3] / "deploy/chart"
NAMESPACE = "wasmwright-system"

POLICIES = (
    "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
    "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy",
)
"""What API servers since 1.36 have, and Helm does not suppose."""

Object = dict[str, Any]


class RefusedError(Exception):
    """Helm did not render; the message is what it said."""


@dataclass(frozen=True)
class Rendered:
    """The objects of a release, hooks and all."""

    objects: tuple[Object, ...]

    def find(self, kind: str, name: str = "wasmwright") -> Object:
        """Return the one object of that kind and name."""
        (found,) = [o for o in self.of(kind) if o["metadata"]["name"] == name]
        return found

    def of(self, kind: str) -> list[Object]:
        """Return all objects of a kind."""
        return [o for o in self.objects if o["kind"] == kind]

    @property
    def operator(self) -> Object:
        """The operator's container."""
        (container,) = self.operator_pod["containers"]
        return dict(container)

    @property
    def operator_pod(self) -> Object:
        """The operator's pod."""
        return dict(self.find("Deployment")["spec"]["template"]["spec"])

    @property
    def environment(self) -> dict[str, str]:
        """The operator's environment, as far as it stands in the manifest."""
        return {e["name"]: e.get("value", "") for e in self.operator["env"]}


def helm(*arguments: str, values: Mapping[str, Any] | None = None) -> str:
    """Run Helm and return what it prints; RefusedError if it fails."""
    done = subprocess.run(
        [binaries.ensure("helm"), *arguments, "--values", "-"],
        input=json.dumps(values or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RefusedError(done.stderr)
    return done.stdout


def render(values: Mapping[str, Any] | None = None, apis: tuple[str, ...] = POLICIES) -> Rendered:
    """Return what the chart makes of values, on an API server that has these APIs too."""
    return _render(json.dumps(values or {}), apis)


@cache
def _render(values: str, apis: tuple[str, ...]) -> Rendered:
    where = ("--namespace", NAMESPACE)
    has = [f"--api-versions={kind}" for kind in apis]
    text = helm("template", "wasmwright", str(CHART), *where, *has, values=json.loads(values))
    return Rendered(tuple(o for o in yaml.load_all(text, yaml.CSafeLoader) if o))
