"""Take the Lease, keep it, give it back."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NoReturn

from wasmwright_operator.election.lease import (
    RENEW_EVERY,
    RENEW_WITHIN,
    RETRY_EVERY,
    Lease,
    Sighting,
    given_back,
    may_take,
    parse_lease,
    renewed,
    sight,
    taken,
)
from wasmwright_operator.kube.errors import ApiError, ConflictError, NotFoundError
from wasmwright_operator.kube.port import LEASES, Kube

logger: Final = logging.getLogger(__name__)

NAME: Final = "wasmwright-operator"


class LeadershipLostError(Exception):
    """Another process may act from now on, so this one must not."""


class Elector:
    """One candidate."""

    def __init__(
        self, kube: Kube, namespace: str, identity: str, clock: Callable[[], datetime]
    ) -> None:
        self._kube = kube
        self._leases = LEASES.in_namespace(namespace)
        self._identity = identity
        self._clock = clock
        self._lease: Lease | None = None
        self._looked: float | None = None

    @property
    def is_leading(self) -> bool:
        """Whether this process holds the Lease."""
        return self._lease is not None

    def silence(self) -> float:
        """Return for how many seconds the Lease could neither be read nor renewed."""
        return 0.0 if self._looked is None else _now() - self._looked

    async def acquire(self) -> None:
        """Wait until this process leads."""
        seen: Sighting | None = None
        told = ""
        while True:
            try:
                lease = await self._read()
                seen = None if lease is None else sight(seen, lease, _now())
                if lease is None or seen is None or may_take(lease, seen, self._identity, _now()):
                    await self._take(lease)
                    return
                told = self._tell_of(lease.holder, told)
            except ConflictError:
                logger.debug("another candidate was faster")
            except ApiError as error:
                logger.warning("the Lease cannot be had now", extra={"error": str(error)})
            await asyncio.sleep(RETRY_EVERY)

    async def hold(self) -> None:
        """Renew the Lease until cancelled.

        Raises:
            LeadershipLostError: it was taken away, or could not be renewed in time.
        """
        deadline = _now() + RENEW_WITHIN
        while True:
            await asyncio.sleep(RENEW_EVERY)
            began = _now()
            await self._renew_before(deadline)
            deadline = began + RENEW_WITHIN

    async def release(self) -> None:
        """Give the Lease back, so that another process leads at once; a best effort."""
        if self._lease is None:
            return
        lease, self._lease = self._lease, None
        try:
            await self._write(lease, given_back())
        except ApiError as error:
            logger.info("the Lease was not given back", extra={"error": str(error)})

    async def _read(self) -> Lease | None:
        try:
            raw = await self._kube.get(self._leases, NAME)
        except NotFoundError:
            raw = None
        self._looked = _now()
        return None if raw is None else parse_lease(raw)

    async def _take(self, lease: Lease | None) -> None:
        spec = taken(lease, self._identity, self._clock())
        if lease is None:
            manifest = {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": NAME},
                "spec": spec,
            }
            raw = await self._kube.create(self._leases, manifest)
            self._lease = parse_lease(raw)
        else:
            self._lease = await self._write(lease, spec)
        logger.info("leading", extra={"identity": self._identity})

    async def _write(self, lease: Lease, spec: dict[str, Any]) -> Lease:
        change = {"metadata": {"resourceVersion": lease.version}, "spec": spec}
        return parse_lease(await self._kube.merge(self._leases, NAME, change))

    async def _renew_before(self, deadline: float) -> None:
        while _now() < deadline:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._renew()
                    return
            except TimeoutError:
                break
            except ApiError as error:
                logger.warning("the Lease was not renewed", extra={"error": str(error)})
            await asyncio.sleep(RETRY_EVERY)
        self._lose(f"could not be renewed for {RENEW_WITHIN:g} s")

    async def _renew(self) -> None:
        """Renew once; after a conflict somebody changed the Lease: look whether it is ours yet."""
        if self._lease is None:
            self._lose("was given back")
        try:
            self._lease = await self._write(self._lease, renewed(self._clock()))
            self._looked = _now()
        except (ConflictError, NotFoundError):
            lease = await self._read()
            if lease is None or lease.holder != self._identity:
                self._lose(f"was taken by {lease.holder or 'nobody'}" if lease else "is gone")
            self._lease = lease

    def _lose(self, how: str) -> NoReturn:
        self._lease = None
        raise LeadershipLostError(f"the Lease {self._leases.namespace}/{NAME} {how}")

    def _tell_of(self, holder: str, told: str) -> str:
        if holder != told:
            logger.info("standing by", extra={"leader": holder})
        return holder


def _now() -> float:
    return asyncio.get_running_loop().time()
