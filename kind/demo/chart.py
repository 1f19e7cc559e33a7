"""Install the chart, as a user does, with Helm."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from demo.clusters import Kubectl
from demo.preflight import is_helm_usable
from imagebuild.recipe import ImageNames, Part
from localcluster import binaries, commands, paths
from localcluster.progress import Progress, silent

CHART: Final = Path(__file__).parents[2] / "deploy/chart"
NAMESPACE: Final = "wasmwright-system"
RELEASE: Final = "wasmwright"

Values = Mapping[str, Any]

NO_CATALOGUE: Final[Values] = {"catalogue": {"declare": "None"}}
"""Values for a cluster that has only the runtimes which are declared by name."""


def image_values(images: ImageNames) -> dict[str, Any]:
    """Return the values that make the chart use images which the nodes hold already."""
    return {
        part.value: {
            "image": {
                "repository": images.repository(part),
                "tag": images.tag,
                "pullPolicy": "IfNotPresent",
            }
        }
        for part in Part
    }


def install_chart(cluster: Kubectl, values: Values, *, timeout: float = 90) -> None:
    """Install the chart or upgrade it, and return when the operator runs."""
    _helm(
        *("upgrade", "--install", RELEASE, str(CHART), "--values", "-"),
        *("--namespace", NAMESPACE, "--create-namespace"),
        *("--wait", "--timeout", f"{timeout:.0f}s", "--kubeconfig", str(cluster.kubeconfig)),
        values=values,
    )


def uninstall_chart(cluster: Kubectl) -> None:
    """Uninstall the chart: runtimes leave the nodes first, CRDs and namespace stay."""
    _helm(
        *("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait"),
        *("--kubeconfig", str(cluster.kubeconfig)),
    )


def helm_program(progress: Progress = silent) -> Path:
    """Return the machine's own Helm 4, or one that is compiled once."""
    found = shutil.which("helm")
    if found and is_helm_usable(commands.run(found, "version", "--short", check=False)):
        return Path(found)
    return binaries.ensure("helm", progress)


def _helm(*arguments: str, values: Values | None = None) -> None:
    home = paths.cache_root() / "helm"
    commands.run(
        str(helm_program()),
        *arguments,
        input=json.dumps(values) if values is not None else None,
        env={f"HELM_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")},
    )
