"""kopf runs the process: signals, an orderly end, and a last resort if that hangs.

It watches nothing: see docs/decisions/0010-informers.md.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import kopf
from kubernetes.aio.client import Configuration

from wasmwright_operator import names
from wasmwright_operator.kube.login import authorization

_LAST_RESORT: Final = 30.0
"""Seconds after which a process that was told to end and has not is killed."""


async def until_stopped(
    configuration: Configuration, stop: asyncio.Event, halt: Callable[[], None]
) -> None:
    """Return when `stop` is set, or when the process was told to end and `halt` has set it."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**_: object) -> kopf.ConnectionInfo:
        return await _connection(configuration)

    @kopf.on.cleanup(registry=registry)
    async def end(**_: object) -> None:
        halt()  # kopf waits 5 s for tasks that go on, its own one that waits for `stop` among them

    await kopf.operator(
        registry=registry,
        settings=_settings(),
        standalone=True,
        clusterwide=True,
        # kopf's own identity is the user's name, and a container need not have one.
        identity=names.FIELD_MANAGER,  # type: ignore[arg-type]  # the type is private to kopf
        stop_flag=stop,
    )


def _settings() -> kopf.OperatorSettings:
    tuned = kopf.OperatorSettings()
    tuned.scanning.disabled = True
    tuned.peering.standalone = True
    tuned.posting.enabled = False
    tuned.networking.request_timeout = 60
    tuned.networking.connect_timeout = 10
    tuned.process.ultimate_exiting_timeout = _LAST_RESORT
    return tuned


async def _connection(configuration: Configuration) -> kopf.ConnectionInfo:
    """Give kopf our credentials: it looks at what the API server serves before it does anything."""
    scheme, _space, token = (await authorization(configuration)).partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
