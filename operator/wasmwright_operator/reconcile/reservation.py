"""Take slots in the ledger before the runs that need them begin."""

from wasmwright_operator.actions import Action, CreateWasmNode, ReserveSlots, UpdateWasmNode
from wasmwright_operator.cache import Cache
from wasmwright_operator.executor import Executor, Subject
from wasmwright_operator.kube.errors import ApiError, ConflictError
from wasmwright_operator.kube.port import WASM_NODES
from wasmwright_operator.manifests.writes import Write
from wasmwright_operator.reconcile.effects import Effects

Due = tuple[Action, Write]
"""An action of the fleet plan, and the request that it means."""


class Reservation:
    """Writes the ledger, which nobody watches."""

    def __init__(self, cache: Cache, executor: Executor, effects: Effects) -> None:
        self._cache = cache
        self._ledger = executor.ledger
        self._effects = effects
        self._has_read_ledger = False

    async def read_ledger(self) -> None:
        """Read the ledger, if that was not done yet."""
        if not self._has_read_ledger:
            await self._effects.refresh(self._ledger)
            self._has_read_ledger = True

    async def reserve(self, due: tuple[Due, ...]) -> tuple[tuple[Due, ...], tuple[ApiError, ...]]:
        """Take the slots of the runs that begin now; without them no run begins.

        Return what is left to be done, and why it is not everything.
        """
        rest = tuple(item for item in due if not isinstance(item[0], ReserveSlots))
        for action, write in due:
            if isinstance(action, ReserveSlots):
                try:
                    await self._confirm(action)
                    await self._effects.write(action, write)
                except ApiError as error:
                    begins = CreateWasmNode | UpdateWasmNode
                    return tuple(item for item in rest if not isinstance(item[0], begins)), (error,)
        return rest, ()

    async def _confirm(self, action: ReserveSlots) -> None:
        """See that the runs which are to lose their slots were never begun."""
        for node, slot in action.presumed_unwritten.items():
            await self._effects.refresh(Subject(WASM_NODES, node))
            found = self._cache.wasm_nodes.get(node)
            if found is not None and slot.is_of(found.spec):
                raise ConflictError(f"wasmnodes {node!r}: its run was begun after all")
