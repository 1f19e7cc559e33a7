from typing import Any

import pytest

from wasmwright_installer.config.dump import Dump, differences, refuse_side_effects
from wasmwright_installer.config.tables import GRPC_TABLE, RUNTIME_TABLE
from wasmwright_installer.errors import RefusedError

RUNC = {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": True}}
LIGHT = {"runtime_type": "/opt/wasmwright/bin/light/shim"}


def dumped(
    runtimes: dict[str, Any], *, table: str = RUNTIME_TABLE, default: str = "runc", **plugin: Any
) -> Dump:
    containerd = {"default_runtime_name": default, "runtimes": runtimes}
    document = {
        "version": 3,
        "imports": [str(len(runtimes))],
        "plugins": {table: {"containerd": containerd, **plugin}},
    }
    return Dump(document, frozenset())


def test_refuse_side_effects__only_our_handlers_appear__is_accepted() -> None:
    before = dumped({"runc": RUNC})
    filled_in = {**LIGHT, "pod_annotations": [], "snapshotter": "", "sandboxer": "podsandbox"}
    after = dumped({"runc": RUNC, "light": filled_in})
    refuse_side_effects(before, after, {"light": LIGHT}, frozenset({"light"}))


def test_refuse_side_effects__option_is_written_with_its_own_default__is_no_change() -> None:
    said = {**RUNC, "options": {"SystemdCgroup": True, "BinaryName": "", "NoPivotRoot": False}}
    before, after = dumped({"runc": said}), dumped({"runc": RUNC})
    refuse_side_effects(before, after, {}, frozenset())
    refuse_side_effects(after, before, {}, frozenset())


def test_refuse_side_effects__our_handlers_go__is_accepted() -> None:
    before = dumped({"runc": RUNC, "light": LIGHT}, table=GRPC_TABLE)
    refuse_side_effects(before, dumped({"runc": RUNC}, table=GRPC_TABLE), {}, frozenset({"light"}))


@pytest.mark.parametrize(
    ("after", "match"),
    [
        (
            dumped({"runc": {**RUNC, "options": {"SystemdCgroup": False}}, "light": LIGHT}),
            "runc.options.SystemdCgroup: True -> False",
        ),
        (dumped({"light": LIGHT}), "runc.runtime_type: 'io.containerd.runc.v2' -> absent"),
        (dumped({"runc": RUNC, "light": LIGHT}, sandbox="x"), "sandbox: absent -> 'x'"),
        (dumped({"runc": RUNC, "light": LIGHT, "kata": LIGHT}), "runtimes.kata"),
        (dumped({"runc": RUNC}), "does not take effect for handlers: light"),
        (
            dumped({"runc": RUNC, "light": {"runtime_type": "/elsewhere"}}),
            "does not take effect for handlers: light",
        ),
    ],
    ids=["runc's option", "runc gone", "other key", "stranger", "ours missing", "ours differs"],
)
def test_refuse_side_effects__anything_else_changes__is_refused(after: Dump, match: str) -> None:
    before = dumped({"runc": RUNC})
    with pytest.raises(RefusedError, match=match) as caught:
        refuse_side_effects(before, after, {"light": LIGHT}, frozenset({"light"}))
    assert caught.value.reason == "ValidationFailed"


def test_refuse_side_effects__handler_without_a_type__is_refused() -> None:
    untyped: dict[str, Any] = {"snapshotter": "native"}
    after = dumped({"runc": RUNC, "light": untyped})
    with pytest.raises(RefusedError, match="leaves runtime_type empty for handlers: light"):
        refuse_side_effects(dumped({"runc": RUNC}), after, {"light": untyped}, frozenset({"light"}))


def test_refuse_side_effects__default_runtime_is_undefined__is_refused() -> None:
    before, after = (dumped(each, default="nvidia") for each in ({}, {"light": LIGHT}))
    with pytest.raises(RefusedError, match="lacks the default runtime: nvidia"):
        refuse_side_effects(before, after, {"light": LIGHT}, frozenset({"light"}))


def test_refuse_side_effects__handler_that_is_to_go_is_still_there__is_refused() -> None:
    both = dumped({"runc": RUNC, "light": LIGHT})
    with pytest.raises(RefusedError, match="does not take effect"):
        refuse_side_effects(both, both, {}, frozenset({"light"}))


def test_parse__stderr__keeps_what_is_said_of_keys_and_no_times_or_places() -> None:
    line = 'time="{}" level=warning msg="Ignoring unknown key" file=/{} key="a b" row={}'
    migrated = 'time="x" level=warning msg="Configuration migrated from version 2" t="9µs"'
    before = Dump.parse("version = 3", f"{line.format('1', 'etc', 3)}\n{migrated}\n")
    after = Dump.parse("version = 3", f"{line.format('2', 'run', 4)}\n")
    assert before.warnings == after.warnings
    assert len(before.warnings) == 1


def test_refuse_side_effects__daemon_warns_of_a_new_key__is_refused() -> None:
    before, after = dumped({"runc": RUNC}), dumped({"runc": RUNC, "light": LIGHT})
    warning = Dump(after.document, frozenset({'key="containerd runtimes light foo"'}))
    with pytest.raises(RefusedError, match=r"makes the daemon warn: .*light foo"):
        refuse_side_effects(before, warning, {"light": LIGHT}, frozenset({"light"}))


def test_differences__many__are_all_named_with_both_values() -> None:
    found = differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "d": [4]}, frozenset())
    assert found == ("a.b: 1 -> 3", "c: 2 -> absent", "d: absent -> [4]")
