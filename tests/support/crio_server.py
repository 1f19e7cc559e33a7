"""The socket of the stand-in for CRI-O: gRPC and HTTP on one, told apart by their first bytes.

Of the CRI it answers Status and RunPodSandbox, of CRI-O's own questions `/config`.
"""

import json
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from support.crio_rules import CrioConfig
from wasmwright_installer.host import cri_pb2

_HTTP2 = b"PRI "


class RunPodSandbox:
    """The two messages of this call, as far as they matter here."""

    @staticmethod
    def handler(request: bytes) -> str:
        """Read `runtime_handler`, field 2."""
        position, found = 0, ""
        while position < len(request):
            key, length = request[position], request[position + 1]
            content = request[position + 2 : position + 2 + length]
            found = content.decode() if key == 0x12 else found
            position += 2 + length
        return found

    @staticmethod
    def request(handler: str) -> bytes:
        """Write a request for a sandbox of a handler."""
        return b"\x12" + bytes([len(handler)]) + handler.encode()

    @staticmethod
    def response(identity: str) -> bytes:
        """Write `pod_sandbox_id`, field 1."""
        return b"\x0a" + bytes([len(identity)]) + identity.encode()


class Calls(grpc.GenericRpcHandler):
    """The calls of the CRI that are answered."""

    def __init__(self, config: CrioConfig) -> None:
        """Answer from what a daemon has loaded."""
        self._config = config

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler | None":
        """Find a call by its name."""
        match handler_call_details.method:
            case "/runtime.v1.RuntimeService/Status":
                return grpc.unary_unary_rpc_method_handler(
                    self._status,
                    request_deserializer=cri_pb2.StatusRequest.FromString,
                    response_serializer=cri_pb2.StatusResponse.SerializeToString,
                )
            case "/runtime.v1.RuntimeService/RunPodSandbox":
                return grpc.unary_unary_rpc_method_handler(self._run_pod_sandbox)
        return None

    def _status(self, request: cri_pb2.StatusRequest, _: object) -> cri_pb2.StatusResponse:
        info = {"config": json.dumps({"sandboxImage": "registry.k8s.io/pause:3.10"})}
        response = cri_pb2.StatusResponse(info=info if request.verbose else {})
        for condition in ("RuntimeReady", "NetworkReady"):
            response.status.conditions.add(type=condition, status=True)
        return response

    def _run_pod_sandbox(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        handler = RunPodSandbox.handler(request)
        if handler and handler not in self._config.pods:
            known = " ".join(sorted(self._config.pods))
            context.abort(
                grpc.StatusCode.UNKNOWN,
                f"failed to find runtime handler {handler} from runtime list map[{known}]",
            )
        return RunPodSandbox.response(uuid.uuid4().hex)


def serve(config: CrioConfig, path: Path) -> None:
    """Listen on a socket, and hand each connection to who can read it."""
    behind = Path(f"{path}.grpc")
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Calls(config),))
    server.add_insecure_port(f"unix:{behind}")
    server.start()
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_hand_on, args=(config, connection, behind), daemon=True).start()


def _hand_on(config: CrioConfig, connection: socket.socket, behind: Path) -> None:
    with connection:
        start = connection.recv(len(_HTTP2), socket.MSG_PEEK)
        if start == _HTTP2:
            _relay(connection, behind)
        elif start:
            _answer(config, connection)


def _answer(config: CrioConfig, connection: socket.socket) -> None:
    request = connection.recv(65536)
    found = request.startswith(b"GET /config ")
    body = config.told().encode() if found else b"404 page not found\n"
    head = "HTTP/1.1 200 OK" if found else "HTTP/1.1 404 Not Found"
    kind = "Content-Type: application/toml"
    connection.sendall(f"{head}\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def _relay(connection: socket.socket, behind: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(str(behind))
        back = threading.Thread(target=_pump, args=(other, connection), daemon=True)
        back.start()
        _pump(connection, other)
        back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
