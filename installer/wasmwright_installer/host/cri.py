"""What the running daemon says of itself, over its CRI socket.

The verbose status is the only proof that holds on every version: it is what the daemon *loaded*,
not what a file says, and it needs neither crictl nor the API server.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from typing_extensions import override

from wasmwright_installer.detect.handlers import Loaded, loaded_from_status


class CRIUnavailableError(Exception):
    """The daemon does not answer, or answers without its CRI plugin."""


class CRI(Protocol):
    """The questions that are asked of a container runtime."""

    def loaded(self, timeout: float) -> Loaded:
        """Return what the daemon serves.

        Raises:
            CRIUnavailableError: no answer within `timeout` seconds, or none that is one.
        """
        ...

    def answers(self, timeout: float) -> bool:
        """Tell whether the daemon serves the CRI right now."""
        ...


class SocketCRI(CRI):
    """A daemon behind a unix socket. A new connection each time: the daemon may be another."""

    def __init__(self, socket: Path) -> None:
        self._target = f"unix:{socket}"

    @override
    def loaded(self, timeout: float) -> Loaded:
        from wasmwright_installer.host import cri_pb2

        response = self._call(
            "Status",
            cri_pb2.StatusRequest(verbose=True),
            cri_pb2.StatusResponse.FromString,
            timeout,
        )
        conditions = {each.type: each.status for each in response.status.conditions}
        return loaded_from_status(
            json.loads(response.info.get("config", "{}")),
            runtime_ready=conditions.get("RuntimeReady", False),
            network_ready=conditions.get("NetworkReady", False),
        )

    @override
    def answers(self, timeout: float) -> bool:
        from wasmwright_installer.host import cri_pb2

        try:
            self._call(
                "Status", cri_pb2.StatusRequest(), cri_pb2.StatusResponse.FromString, timeout
            )
        except CRIUnavailableError:
            return False
        return True

    def _call(
        self, method: str, request: Any, parse: Callable[[bytes], Any], timeout: float
    ) -> Any:  # noqa: ANN401  # generated messages
        import grpc

        with grpc.insecure_channel(
            self._target, options=[("grpc.enable_http_proxy", 0)]
        ) as channel:
            call = channel.unary_unary(
                f"/runtime.v1.RuntimeService/{method}",
                request_serializer=type(request).SerializeToString,
                response_deserializer=parse,
            )
            try:
                return call(request, timeout=timeout)
            except grpc.RpcError as error:
                raise CRIUnavailableError(f"{method}: {_detail(error)}") from error


def _detail(error: Any) -> str:  # noqa: ANN401  # grpc's errors are calls as well
    return f"{error.code().name.lower()}: {error.details()}"
