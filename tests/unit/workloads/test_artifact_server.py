import httpx
import pytest

from workloads.artifact_server import ArtifactServer
from workloads.artifacts import pack


def test_server__serves_what_was_published_and_counts_by_path() -> None:
    artifact = pack("shim-v1", b"program")
    with ArtifactServer("127.0.0.1") as server:
        url = server.publish(artifact)
        answers = [httpx.get(url).content for _ in range(2)]

    assert answers == [artifact.content, artifact.content]
    assert server.requests == {"/shim-v1-1.tar.gz": 2}


def test_server__asked_for_anything_else__answers_404_and_counts_it() -> None:
    with ArtifactServer("127.0.0.1") as server:
        answer = httpx.get(server.publish(pack("shim-v1", b"program")) + ".sig")

    assert answer.status_code == 404
    assert server.requests == {"/shim-v1-1.tar.gz.sig": 1}


def test_server__after_its_block__is_gone() -> None:
    with ArtifactServer("127.0.0.1") as server:
        url = server.publish(pack("shim-v1", b"program"))

    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
