from typing import Any

import pytest

from wasmwright_installer.config.wanted import NodeRules, handler_table, option_warnings
from wasmwright_installer.contract import HandlerEntry, RuntimeType

V2 = NodeRules(version=(2, 0), systemd_cgroup=True, cgroup_v2=True, has_dbus=True)
LINK = "/opt/wasmwright/bin/spin/shim"


def rules(**changes: Any) -> NodeRules:
    from dataclasses import replace

    return replace(V2, **changes)


def spin(**fields: Any) -> HandlerEntry:
    return HandlerEntry(handler="spin", binary="shim", **fields)


def test_handler_table__shim__is_its_absolute_path_and_no_options() -> None:
    assert handler_table(spin(), V2) == {"runtime_type": LINK}


def test_handler_table__shim_with_everything__writes_it() -> None:
    entry = spin(pod_annotations=("a/*",), snapshotter="native", options={"ConfigPath": "/x"})
    assert handler_table(entry, V2) == {
        "runtime_type": LINK,
        "pod_annotations": ["a/*"],
        "snapshotter": "native",
        "options": {"ConfigPath": "/x"},
    }


@pytest.mark.parametrize("systemd", [True, False])
def test_handler_table__oci_runtime__goes_through_runc_and_its_cgroups(*, systemd: bool) -> None:
    entry = spin(type=RuntimeType.OCI_RUNTIME)
    assert handler_table(entry, rules(systemd_cgroup=systemd)) == {
        "runtime_type": "io.containerd.runc.v2",
        "options": {"BinaryName": LINK, "SystemdCgroup": systemd},
    }


def test_handler_table__oci_runtime_with_options__the_document_wins() -> None:
    entry = spin(type=RuntimeType.OCI_RUNTIME, options={"SystemdCgroup": False, "Root": "/x"})
    assert handler_table(entry, V2)["options"] == {
        "BinaryName": LINK,
        "SystemdCgroup": False,
        "Root": "/x",
    }


@pytest.mark.parametrize(
    ("node", "written", "warning"),
    [
        (V2, True, ""),
        (rules(cgroup_v2=False), False, "no effect on a cgroup v1 node"),
        (rules(has_dbus=False), False, "needs D-Bus"),
        (rules(systemd_cgroup=False), False, "runc does not use SystemdCgroup"),
    ],
    ids=["usable", "cgroup v1", "no D-Bus", "other driver"],
)
def test_handler_table__shim_asks_for_systemd_cgroups__gets_them_where_they_work(
    node: NodeRules, warning: str, *, written: bool
) -> None:
    entry = spin(options={"SystemdCgroup": True})
    assert handler_table(entry, node)["options"] == {"SystemdCgroup": written}
    found = option_warnings(entry, node)
    assert [warning in each for each in found] == ([True] if warning else [])


def test_handler_table__shim_forbids_systemd_cgroups__is_heeded_without_a_word() -> None:
    entry = spin(options={"SystemdCgroup": False})
    assert handler_table(entry, V2)["options"] == {"SystemdCgroup": False}
    assert option_warnings(entry, V2) == ()


def test_handler_table__containerd_before_1_7__hands_no_options_to_shims() -> None:
    entry = spin(options={"SystemdCgroup": True})
    old = rules(version=(1, 6))
    assert "options" not in handler_table(entry, old)
    assert "before 1.7" in option_warnings(entry, old)[0]


def test_option_warnings__oci_runtime__has_none() -> None:
    entry = spin(type=RuntimeType.OCI_RUNTIME, options={"SystemdCgroup": True})
    assert option_warnings(entry, rules(cgroup_v2=False)) == ()
