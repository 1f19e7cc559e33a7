"""What the running daemon says of itself, over its CRI socket.

The verbose status is the only proof that holds on every version: it is what the daemon *loaded*,
not what a file says, and it needs neither crictl nor the API server. CRI-O's holds next to nothing;
it tells its configuration over HTTP on the same socket.
"""

import json
from pathlib import Path
from typing import Protocol

import grpc
from typing_extensions import override

from wasmwright_installer.detect.handlers import Loaded, loaded_from_crio, loaded_from_status
from wasmwright_installer.host import cri_pb2, tasks_pb2
from wasmwright_installer.host.crio import CRIUnavailableError, crio_config

_NAMESPACE = (("containerd-namespace", "k8s.io"),)
"""Where containerd keeps what the CRI makes."""

__all__ = ["CRI", "CRIUnavailableError", "SocketCRI"]


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

    def tasks(self, timeout: float) -> frozenset[str]:
        """Return the containers of pods that containerd knows to run.

        Raises:
            CRIUnavailableError: it does not say; a runtime that is not containerd never does.
        """
        ...


class SocketCRI(CRI):
    """A daemon behind a unix socket. A new connection each time: the daemon may be another."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._target = f"unix:{socket}"

    @override
    def loaded(self, timeout: float) -> Loaded:
        response = self._status(timeout, verbose=True)
        conditions = {each.type: each.status for each in response.status.conditions}
        ready = {
            "runtime_ready": conditions.get("RuntimeReady", False),
            "network_ready": conditions.get("NetworkReady", False),
        }
        config = json.loads(response.info.get("config", "{}"))
        if "containerd" in config:
            return loaded_from_status(config, **ready)
        return loaded_from_crio(crio_config(self._socket, timeout), **ready)

    @override
    def answers(self, timeout: float) -> bool:
        try:
            self._status(timeout, verbose=False)
        except CRIUnavailableError:
            return False
        return True

    @override
    def tasks(self, timeout: float) -> frozenset[str]:
        with grpc.insecure_channel(self._target) as channel:
            call = channel.unary_unary(
                "/containerd.services.tasks.v1.Tasks/List",
                request_serializer=tasks_pb2.ListTasksRequest.SerializeToString,
                response_deserializer=tasks_pb2.ListTasksResponse.FromString,
            )
            try:
                response: tasks_pb2.ListTasksResponse = call(
                    tasks_pb2.ListTasksRequest(), timeout=timeout, metadata=_NAMESPACE
                )
            except grpc.RpcError as error:
                raise CRIUnavailableError(_detail(error)) from error
        return frozenset(task.id for task in response.tasks)

    def _status(self, timeout: float, *, verbose: bool) -> cri_pb2.StatusResponse:
        with grpc.insecure_channel(self._target) as channel:
            call = channel.unary_unary(
                "/runtime.v1.RuntimeService/Status",
                request_serializer=cri_pb2.StatusRequest.SerializeToString,
                response_deserializer=cri_pb2.StatusResponse.FromString,
            )
            try:
                response: cri_pb2.StatusResponse = call(
                    cri_pb2.StatusRequest(verbose=verbose), timeout=timeout
                )
            except grpc.RpcError as error:
                raise CRIUnavailableError(_detail(error)) from error
        return response


def _detail(error: grpc.RpcError) -> str:
    """Say what went wrong; in practice the error is the call itself, which knows."""
    if isinstance(error, grpc.Call):
        return f"{error.code().name.lower()}: {error.details()}"
    return str(error)
