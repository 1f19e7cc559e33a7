"""What was asked for because it is not watched: everybody's pods on a node, Events about ours."""

from dataclasses import replace

from wasmwright_operator.cache.keys import node_key
from wasmwright_operator.records import Eviction, PodsLook


class Looks:
    """Keeps answers until nobody needs them any more."""

    def __init__(self) -> None:
        self.warnings: dict[str, str] = {}
        """What was told about pods, by their UIDs."""
        self._looks: dict[str, PodsLook] = {}

    def get(self, node: str) -> PodsLook | None:
        """Return the last look at who is on a node."""
        return self._looks.get(node)

    def store_look(self, node: str, look: PodsLook) -> tuple[str, ...]:
        """Take in who is on a node; return the keys to be reconciled.

        It is kept until the run that needs it has ended: no pod is watched.
        """
        before = self._looks.get(node)
        evictions = before.evictions if before is not None else {}
        uids = {pod.uid for pod in look.pods}
        kept = {uid: eviction for uid, eviction in evictions.items() if uid in uids}
        self._looks[node] = replace(look, evictions=kept)
        return (node_key(node),)

    def store_eviction(self, node: str, uid: str, eviction: Eviction) -> None:
        """Take in what came of our try to evict a pod."""
        look = self._looks.get(node)
        if look is not None:
            self._looks[node] = replace(look, evictions={**look.evictions, uid: eviction})

    def store_warnings(self, node: str, uid: str, told: str) -> tuple[str, ...]:
        """Take in what was told about a pod; return the keys to be reconciled."""
        self.warnings[uid] = told
        return (node_key(node),)

    def forget_look(self, node: str) -> None:
        """Forget who is on a node."""
        self._looks.pop(node, None)

    def forget_warnings(self, uid: str) -> None:
        """Forget what was told about a pod."""
        self.warnings.pop(uid, None)
