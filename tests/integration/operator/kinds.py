"""Make a bare API server one that the operator can work with."""

from contextlib import suppress
from pathlib import Path

import yaml

from integration.operator.api import CRDS, NAMESPACES, WN, WRT, Api, ApiRefusedError
from integration.operator.kubelets import NAMESPACE
from integration.operator.world import wait

ROOT = Path(__file__).parents[3]


def install(api: Api) -> None:
    """Create our kinds and the operator's namespace, and wait until both can be used."""
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        with suppress(ApiRefusedError):  # a cluster that was kept has them
            api.create(CRDS, yaml.safe_load(path.read_text()))
    with suppress(ApiRefusedError):
        api.create(NAMESPACES, {"metadata": {"name": NAMESPACE}})
    for crd in api.items(CRDS):
        wait(lambda crd=crd: _is_served(api, crd["metadata"]["name"]))
    for path in (WRT, WN):  # for a moment after that the API server answers with 429
        wait(lambda path=path: api.client.get(path).is_success)
    wait(lambda: api.get(f"{NAMESPACES}/{NAMESPACE}/serviceaccounts/default"))


def _is_served(api: Api, name: str) -> bool:
    conditions = api.get(f"{CRDS}/{name}").get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
