"""The operator's service account, with the rights that the chart gives it and no others."""

import json
from pathlib import Path
from typing import Final

import yaml

from demo.chart import CHART, NAMESPACE, RELEASE, helm_program
from integration.operator.api import Api, Raw
from localcluster import commands

_RBAC: Final = "/apis/rbac.authorization.k8s.io/v1"
_PATHS: Final = {
    "ServiceAccount": f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts",
    "ClusterRole": f"{_RBAC}/clusterroles",
    "ClusterRoleBinding": f"{_RBAC}/clusterrolebindings",
    "Role": f"{_RBAC}/namespaces/{NAMESPACE}/roles",
    "RoleBinding": f"{_RBAC}/namespaces/{NAMESPACE}/rolebindings",
}
_ONE_DAY: Final = 86_400


def create(api: Api, admin: Path, into: Path, release: str = RELEASE, *values: str) -> Path:
    """Create the service account of a release with its rights; return a kubeconfig of it."""
    for manifest in _manifests(release, *values):
        api.create(_PATHS[manifest["kind"]], manifest)
    request = {"spec": {"expirationSeconds": _ONE_DAY}}
    account = f"{_PATHS['ServiceAccount']}/{release}"
    token = api.create(f"{account}/token", request)["status"]["token"]
    config = yaml.safe_load(admin.read_text())
    config["users"][0]["user"] = {"token": token}
    kubeconfig = into / "operator.kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(json.dumps(config))
    return kubeconfig


def _manifests(release: str, *values: str) -> list[Raw]:
    """Return what the chart makes of itself, without the operator and without hooks."""
    helm = str(helm_program())
    given = [f"--set={value}" for value in values]
    text = commands.run(helm, "template", release, str(CHART), "--namespace", NAMESPACE, *given)
    return [
        manifest
        for manifest in yaml.load_all(text, yaml.CSafeLoader)
        if manifest
        and manifest["kind"] in _PATHS
        and "helm.sh/hook" not in manifest["metadata"].get("annotations", {})
    ]
