"""The reconcile of one node: its plan carried out in order, up to what has to wait."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from wasmwright_operator.actions import Action, LabelNode
from wasmwright_operator.cache import Cache, node_key
from wasmwright_operator.kube.errors import RefusedError
from wasmwright_operator.node import Needed, NodeView, contested, plan_node, plan_refusal
from wasmwright_operator.reconcile.contention import Contention
from wasmwright_operator.reconcile.effects import Effects
from wasmwright_operator.reconcile.schedule import Schedule


class NodeReconciler:
    """Reconciles nodes; of earlier times it knows only whose labels somebody keeps undoing."""

    def __init__(
        self, cache: Cache, effects: Effects, schedule: Schedule, clock: Callable[[], datetime]
    ) -> None:
        self._cache = cache
        self._effects = effects
        self._schedule = schedule
        self._clock = clock
        self._contention = Contention()

    async def reconcile(self, node: str) -> None:
        """Plan for one node and carry the plan out."""
        view, now = self._cache.node_view(node), self._clock()
        actions = plan_node(view, self._cache.jobs_of(node), self._cache.pods_of(node), now)
        self._schedule.wake(node_key(node), actions)
        for action in actions:
            if self._has_to_wait(action):
                return
            try:
                await self._effects.carry_out(action)
                await self._note(action, view)
            except RefusedError as error:
                for answer in _after_refusal(view, action, error, now):
                    await self._effects.carry_out(answer)

    def _has_to_wait(self, action: Action) -> bool:
        """Tell whether somebody undoes a change of labels again and again; later actions wait too.

        No run may start on a node whose labels could not be lowered before.
        """
        if not isinstance(action, LabelNode):
            return False
        pause = self._contention.wait(action, asyncio.get_running_loop().time())
        if pause:
            self._schedule.delay(node_key(action.name), pause)
        return pause > 0

    async def _note(self, action: Action, view: NodeView) -> None:
        if not isinstance(action, LabelNode):
            return
        is_new = self._contention.note(action, asyncio.get_running_loop().time())
        if is_new and view.wasm_node is not None:
            await self._effects.carry_out(contested(view.wasm_node, action))


def _after_refusal(
    view: NodeView, action: Action, error: RefusedError, now: datetime
) -> tuple[Action, ...]:
    """Return what to do when the API server will not do what a run cannot do without."""
    if not isinstance(action, Needed) or not (view.node and view.wasm_node):
        raise error
    return plan_refusal(view.node, view.wasm_node, action, str(error), now)
