"""Ask a node's CRI again and again, from outside, and add up how long it did not answer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import grpc

from localcluster import Node

INTERVAL: Final = 0.01
"""Seconds between two questions, which is also how exact the sum is."""

_VERSION: Final = "/runtime.v1.RuntimeService/Version"


@dataclass
class Silence:
    """How long the CRI did not answer, in milliseconds."""

    milliseconds: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)


@contextmanager
def watch(node: Node) -> Iterator[Silence]:
    """Measure while the block runs."""
    silence = Silence()
    thread = threading.Thread(target=_ask, args=(node, silence), daemon=True)
    thread.start()
    try:
        yield silence
    finally:
        silence._stop.set()
        thread.join()


def _ask(node: Node, silence: Silence) -> None:
    address = f"unix:{node.root}/run/containerd/containerd.sock"
    # Quick reconnects, or the probe would measure gRPC's own backoff.
    options = [("grpc.initial_reconnect_backoff_ms", 10), ("grpc.max_reconnect_backoff_ms", 10)]
    with grpc.insecure_channel(address, options=options) as channel:
        version = channel.unary_unary(
            _VERSION, request_serializer=bytes, response_deserializer=bytes
        )
        last_answer = time.monotonic()
        was_silent = False
        while not silence._stop.wait(INTERVAL):
            try:
                version(b"", timeout=1)
            except grpc.RpcError:
                was_silent = True
                continue
            now = time.monotonic()
            if was_silent:
                silence.milliseconds += (now - last_answer) * 1000
            last_answer, was_silent = now, False
