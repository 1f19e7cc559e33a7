"""`/healthz`, `/readyz`, `/metrics`: is this process alive, can it do its part, what has it done.

A process that does not answer has a blocked event loop. One that answers may still be stuck, so
each part of the operator says what is wrong with it, or nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from wasmwright_operator.metrics import CONTENT_TYPE, Metrics

Check = Callable[[], str]
"""Says what is wrong; "" = nothing."""

_UNAVAILABLE: Final = 503


@dataclass(slots=True)
class Health:
    """What is asked before an answer is given."""

    alive: dict[str, Check] = field(default_factory=dict)
    """A problem here is cured by a restart."""
    ready: dict[str, Check] = field(default_factory=dict)
    """A problem here goes by itself, or another replica is needed."""
    metrics: Metrics = field(default_factory=Metrics)

    def application(self) -> web.Application:
        """Return the HTTP application."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        return app

    async def _healthz(self, _: web.Request) -> web.Response:
        return _answer(self.alive)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _readyz(self, _: web.Request) -> web.Response:
        return _answer(self.alive | self.ready)


def _answer(checks: Mapping[str, Check]) -> web.Response:
    problems = {name: problem for name, check in checks.items() if (problem := check())}
    if problems:
        text = "".join(f"{name}: {problem}\n" for name, problem in problems.items())
        return web.Response(status=_UNAVAILABLE, text=text)
    return web.Response(text="".join(f"{name}: ok\n" for name in checks) or "ok\n")


async def serve(health: Health, port: int) -> web.AppRunner:
    """Answer on a port of all addresses; the caller cleans the returned runner up."""
    runner = web.AppRunner(health.application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host="0.0.0.0", port=port).start()  # noqa: S104 - the kubelet asks from outside
    return runner
