"""Text in, text out: predecessors' tables go, and nothing else does."""

import pytest

from unit.installer import predecessors as texts
from unit.installer.mains import RUNC, G, schema_3
from wasmwright_installer.config.files import Base
from wasmwright_installer.config.predecessors.kwasm import KWASM
from wasmwright_installer.config.predecessors.rcm import RCM
from wasmwright_installer.config.predecessors.takeover import (
    cut,
    frozen_templates,
    left_in,
    without,
)
from wasmwright_installer.errors import RefusedError

MAIN = f"version = 2 # theirs\n{RUNC}"
TAIL = f'\n# added later\n[{G}.registry]\n  config_path = "/etc/certs"\n'
KATA = f'[{G}.containerd.runtimes.kata]\n  runtime_type = "io.containerd.kata.v2"\n'
OWN_WASMEDGE = f'[{G}.containerd.runtimes.wasmedge]\n  runtime_type = "io.containerd.wasmedge.v1"\n'
TEMPLATE = '{{ template "base" . }}\n[plugins."io.containerd.gc.v1.scheduler"]\n  pause = 1\n'

FROM_KWASM = {
    "seven by name": (MAIN + texts.KWASM, MAIN),
    "seven by path": (MAIN + texts.KWASM_PATHS, MAIN),
    "crun alone": (MAIN + texts.KWASM_FIRST, MAIN),
    "the rewrite": (MAIN + texts.KWASM_ADDED, MAIN),
    "the rewrite, no final newline": (MAIN.rstrip("\n") + texts.KWASM_ADDED, MAIN.rstrip("\n")),
    "MicroK8s": (MAIN + texts.KWASM_MICROK8S, MAIN),
    "k3s": (MAIN + texts.KWASM_K3S, MAIN),
    "somebody appended later": (MAIN + texts.KWASM + TAIL, MAIN + TAIL),
    "a neighbour right behind": (MAIN + texts.KWASM + KATA, MAIN + KATA),
    "comments around": (f"{MAIN}# a\n{texts.KWASM}# b\n", f"{MAIN}# a\n# b\n"),
    "nothing but theirs": (texts.KWASM, ""),
    "other quotes": (MAIN + texts.KWASM_FIRST.replace('"', "'"), MAIN),
    "behind a template": (TEMPLATE + texts.KWASM, TEMPLATE),
    "no table at all": ("version = 3\n", "version = 3\n"),
    "empty": ("", ""),
    "shims of somebody else": (MAIN + OWN_WASMEDGE + KATA, MAIN + OWN_WASMEDGE + KATA),
    "shim of somebody else apart from theirs": (
        MAIN + OWN_WASMEDGE + KATA + texts.KWASM_FIRST,
        MAIN + OWN_WASMEDGE + KATA,
    ),
    "runtime-class-manager's": (MAIN + texts.RCM, MAIN + texts.RCM),
}

FROM_RCM = {
    "two shims": (MAIN + texts.RCM, MAIN),
    "newer table": (schema_3(MAIN) + texts.RCM_NEWER, schema_3(MAIN)),
    "older table in a newer file": (schema_3(MAIN) + texts.RCM, schema_3(MAIN)),
    "no final newline": (MAIN.rstrip("\n") + texts.RCM, MAIN.rstrip("\n")),
    "options last": (MAIN + texts.rcm("spin-v2", "SystemdCgroup = true"), MAIN),
    "somebody appended later": (MAIN + texts.RCM + TAIL, MAIN + TAIL),
    "no final newline, appended later": (
        MAIN.rstrip("\n") + texts.rcm("spin-v2") + TAIL,
        MAIN + TAIL,
    ),
    "corrected by hand": (MAIN + texts.RCM.replace("runtime_type", "  runtime_type"), MAIN),
    "between two files of others": (KATA + texts.RCM + OWN_WASMEDGE, KATA + OWN_WASMEDGE),
    "KWasm's": (MAIN + texts.KWASM, MAIN + texts.KWASM),
    "both": (MAIN + texts.KWASM + texts.RCM, MAIN + texts.KWASM),
}


@pytest.mark.parametrize(("text", "rest"), FROM_KWASM.values(), ids=FROM_KWASM.keys())
def test_cut__kwasm__leaves_every_other_byte(text: str, rest: str) -> None:
    assert cut("/c.toml", text.encode(), KWASM, {}).decode() == rest


@pytest.mark.parametrize(("text", "rest"), FROM_RCM.values(), ids=FROM_RCM.keys())
def test_cut__rcm__leaves_every_other_byte(text: str, rest: str) -> None:
    assert cut("/c.toml", text.encode(), RCM, {}).decode() == rest


def test_cut__shim_found_through_a_link_into_their_directory__is_theirs() -> None:
    links = {"containerd-shim-wasmedge-v1": "/opt/kwasm/bin/containerd-shim-wasmedge-v1"}
    text = (MAIN + OWN_WASMEDGE + KATA).encode()
    assert cut("/c.toml", text, KWASM, links).decode() == MAIN + KATA


def test_cut__header_within_a_string__is_refused() -> None:
    text = f'version = 2\nroot = """\n{texts.KWASM_FIRST}[x]\n"""\n'
    with pytest.raises(RefusedError, match=r"KWasm in /c.toml \(crun\) cannot be cut out"):
        cut("/c.toml", text.encode(), KWASM, {})


def test_left_in__seven_tables__names_each_with_its_line() -> None:
    found = left_in({"/c.toml": (MAIN + texts.KWASM).encode()}, KWASM, {})
    assert [each.handler for each in found] == [
        *("crun", "spin", "slight", "wws", "lunatic", "wasmedge", "wasmtime")
    ]
    assert (found[0].place, found[1].place) == ("/c.toml:6", "/c.toml:11")


def test_without__two_predecessors_in_two_files__cuts_both_and_keeps_warnings() -> None:
    base = Base(
        {"/a": (MAIN + texts.RCM).encode()}, {"/b.tmpl": (MAIN + texts.KWASM).encode()}, ("w",)
    )
    rest = without(base, (KWASM, RCM), {})
    assert rest == Base({"/a": MAIN.encode()}, {"/b.tmpl": MAIN.encode()}, ("w",))


def test_frozen_templates__plain_copy__is_told_from_a_template() -> None:
    sources = {"/a/config.toml.tmpl": MAIN.encode(), "/a/config-v3.toml.tmpl": TEMPLATE.encode()}
    assert frozen_templates(sources) == ("/a/config.toml.tmpl",)
