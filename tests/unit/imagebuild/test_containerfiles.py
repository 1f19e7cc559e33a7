import pytest

from imagebuild.recipe import CONTAINERFILES, Part


@pytest.fixture(params=list(Part), ids=str)
def part(request: pytest.FixtureRequest) -> Part:
    return Part(request.param)


def test_containerfile__installs_pinned_wheels_and_nothing_else(part: Part) -> None:
    text = part.containerfile.read_text()

    assert text.count("--no-index") == 2
    assert "--require-hashes" in text
    assert "ARG BASE=python:3.13-slim\n" in text
    assert "apt" not in text


def test_containerfile__brings_bytecode__since_a_read_only_root_cannot_keep_it(part: Part) -> None:
    assert part.containerfile.read_text().count("--invalidation-mode unchecked-hash") == 2


def test_containerfiles__differ_in_command_and_user_and_module_only() -> None:
    lines = [set(part.containerfile.read_text().splitlines()) for part in Part]

    different = {line for line in lines[0] ^ lines[1] if not line.startswith("#")}
    assert different == {
        'ENTRYPOINT ["/opt/wasmwright/bin/wasmwright-operator"]',
        'ENTRYPOINT ["/opt/wasmwright/bin/wasmwright-installer"]',
        "USER 65532:65532",
        "COPY smoke-test.wasm /smoke-test.wasm",
    }


def test_installer__is_not_given_what_the_operator_needs() -> None:
    lines = Part.INSTALLER.requirements.read_text().splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line}

    assert pinned >= {"grpcio", "tomlkit"}
    assert pinned & {"kopf", "kubernetes", "aiohttp", "jinja2"} == set()


def test_base__is_made_of_one_archive() -> None:
    text = (CONTAINERFILES / "base.Containerfile").read_text()

    assert "FROM scratch\nADD base.tar /\n" in text
