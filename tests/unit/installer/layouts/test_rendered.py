"""Nodes whose configuration somebody else renders: which file is ours to write, and how."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from unit.installer.products import K0S_MERGED, K3S_1_7, K3S_2, PRODUCTS, Files, Product
from wasmwright_installer.config import tables
from wasmwright_installer.config.base import base_of
from wasmwright_installer.config.files import FilePlan, FileRecord, Present, sha256
from wasmwright_installer.config.tables import GRPC_TABLE, RUNTIME_TABLE
from wasmwright_installer.errors import ConflictError, RefusedError, UnsupportedNodeError
from wasmwright_installer.layouts.layout import Activation, Task, plan_files

LIGHT = {"light": {"runtime_type": "/opt/wasmwright/bin/light/containerd-shim-light-v1"}}
CRUN = {
    "crun": {
        "runtime_type": "io.containerd.runc.v2",
        "pod_annotations": ["module.wasm.image/*", "{{ .Evil }}{{{", "${SNAP_DATA}$"],
        "options": {"BinaryName": "/opt/wasmwright/bin/crun/crun", "SystemdCgroup": True},
    }
}
DEFAULTS = {"runc": {"runtime_type": "io.containerd.runc.v2"}}
K3S_FOLDER = "/var/lib/rancher/k3s/agent/etc/containerd"
MICROK8S_TEMPLATE = "/var/snap/microk8s/current/args/containerd-template.toml"

products = pytest.mark.parametrize("product", PRODUCTS.values(), ids=list(PRODUCTS))


def present(product: Product, files: Files, plan: FilePlan | None = None) -> Present:
    records = {
        change.path: FileRecord(change.path, sha256(change.after), change.original)
        for change in (plan.changes if plan else ())
        if change.after is not None
    }
    sources = product.layout.sources(product.main)
    return Present(
        main=product.main,
        tree=product.tree(files),
        major=product.major,
        records=records,
        names=plan.names if plan else frozenset(),
        sources={path: files[path] for path in sources if path in files},
        rendered=frozenset(product.layout.rendered(product.main)),
    )


def plan_for(
    product: Product, files: Files, handlers: dict[str, Any], before: FilePlan | None = None
) -> FilePlan:
    now = present(product, files, before)
    task = Task(now, base_of(now), handlers, DEFAULTS, schema=2 if product.major == 1 else 4)
    return plan_files(product.layout, task)


def carried_out(files: Files, plan: FilePlan) -> Files:
    after = dict(files)
    for change in plan.writes:
        assert after.get(change.path) == change.before
        if change.after is None:
            del after[change.path]
        else:
            after[change.path] = change.after
    return after


def declared(tree: Files) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for content in tree.values():
        found.update(tables.all_runtimes(tomllib.loads(content.decode())))
    return found


def meaning(tree: Files) -> dict[str, Any]:
    return {path: tomllib.loads(content.decode()) for path, content in tree.items()}


@products
def test_plan_files__rendered_configuration__is_what_was_predicted(product: Product) -> None:
    files = product.started(product.files)
    before = declared(product.tree(files))
    plan = plan_for(product, files, LIGHT | CRUN)
    after = product.started(carried_out(files, plan))
    found = declared(product.tree(after))
    assert {name: found[name] for name in ("light", "crun")} == LIGHT | CRUN
    assert {name: found[name] for name in before} == before
    assert meaning(product.tree(after)) == meaning(dict(plan.tree))


@products
def test_plan_files__what_the_supervisor_writes__is_never_written(product: Product) -> None:
    files = product.started(product.files)
    plan = plan_for(product, files, LIGHT)
    assert plan.writes
    assert not {change.path for change in plan.changes} & product.render(product, files).keys()


@products
@pytest.mark.parametrize("is_started", [True, False], ids=["started", "not started yet"])
def test_plan_files__nothing_is_wanted_any_more__every_byte_is_as_before(
    product: Product, *, is_started: bool
) -> None:
    files = product.started(product.files)
    plan = plan_for(product, files, LIGHT | CRUN)
    after = carried_out(files, plan)
    after = product.started(after) if is_started else after
    gone = carried_out(after, plan_for(product, after, {}, plan))
    assert product.started(gone) == files
    assert gone.keys() == files.keys()


@products
def test_plan_files__same_again__writes_nothing(product: Product) -> None:
    files = product.started(product.files)
    plan = plan_for(product, files, LIGHT)
    after = product.started(carried_out(files, plan))
    assert plan_for(product, after, LIGHT, plan).writes == ()


@products
def test_plan_files__another_handler_later__original_stays_the_first_one(product: Product) -> None:
    files = product.started(product.files)
    first = plan_for(product, files, LIGHT)
    once = product.started(carried_out(files, first))
    second = plan_for(product, once, LIGHT | CRUN, first)
    twice = product.started(carried_out(once, second))
    assert declared(product.tree(twice)).keys() >= {"light", "crun"}
    assert product.started(carried_out(twice, plan_for(product, twice, {}, second))) == files


@products
def test_plan_files__record_is_lost__ours_is_found_and_goes(product: Product) -> None:
    files = product.started(product.files)
    after = product.started(carried_out(files, plan_for(product, files, LIGHT | CRUN)))
    assert product.started(carried_out(after, plan_for(product, after, {}))) == files


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("k3s 2.x with a template", f"{K3S_FOLDER}/config-v3.toml.tmpl"),
        ("k3s 1.7 with a template", f"{K3S_FOLDER}/config.toml.tmpl"),
        ("MicroK8s", MICROK8S_TEMPLATE),
    ],
)
@pytest.mark.parametrize("where", ["before", "behind"])
def test_plan_files__somebody_edited_the_template_since__only_ours_goes(
    name: str, path: str, where: str
) -> None:
    product = PRODUCTS[name]
    files = product.started(product.files)
    plan = plan_for(product, files, LIGHT)
    after = carried_out(files, plan)
    edit = b"# edited\n"
    after[path] = edit + after[path] if where == "before" else after[path] + edit
    after = product.started(after)
    base = base_of(present(product, after, plan))
    assert base.warnings == (f"{path} was edited by somebody else since wasmwright changed it",)
    gone = carried_out(after, plan_for(product, after, {}, plan))
    gap = b"" if files[path].endswith(b"\n") else b"\n"
    expected = edit + files[path] if where == "before" else files[path] + gap + edit
    assert gone[path] == expected


@pytest.mark.parametrize(
    ("name", "path", "table"),
    [
        ("k3s 1.7", f"{K3S_FOLDER}/config.toml.tmpl", GRPC_TABLE),
        ("k3s 1.7 with an import", f"{K3S_FOLDER}/config.toml.tmpl", GRPC_TABLE),
        ("k3s 2.x", f"{K3S_FOLDER}/config-v3.toml.tmpl", RUNTIME_TABLE),
        ("k3s 2.x with an import", f"{K3S_FOLDER}/config-v3.toml.d/wasmwright.toml", RUNTIME_TABLE),
        ("k3s 2.x with an older template", f"{K3S_FOLDER}/config.toml.tmpl", GRPC_TABLE),
        ("k3s 2.x with both templates", f"{K3S_FOLDER}/config-v3.toml.tmpl", RUNTIME_TABLE),
        (
            "RKE2 agent",
            "/var/lib/rancher/rke2/agent/etc/containerd/config-v3.toml.d/wasmwright.toml",
            RUNTIME_TABLE,
        ),
        ("k0s", "/etc/k0s/containerd.d/wasmwright.toml", RUNTIME_TABLE),
        ("k0s 1.7", "/etc/k0s/containerd.d/wasmwright.toml", GRPC_TABLE),
        ("MicroK8s", MICROK8S_TEMPLATE, GRPC_TABLE),
    ],
)
def test_plan_files__each_product__has_its_file_and_its_table(
    name: str, path: str, table: str
) -> None:
    product = PRODUCTS[name]
    plan = plan_for(product, product.started(product.files), LIGHT)
    assert ([change.path for change in plan.writes], plan.table) == ([path], table)
    assert product.main in plan.reason or "k0s" in plan.reason


@pytest.mark.parametrize("name", ["k3s 2.x with an import", "k0s", "k0s 1.7"])
def test_plan_files__own_file__says_no_version(name: str) -> None:
    product = PRODUCTS[name]
    (change,) = plan_for(product, product.started(product.files), LIGHT).writes
    assert change.after is not None
    assert "version" not in tomllib.loads(change.after.decode())


def test_plan_files__new_template__extends_the_supervisors_own() -> None:
    (change,) = plan_for(K3S_2, K3S_2.started({}), LIGHT).writes
    assert change.after is not None
    lines = change.after.decode().splitlines()
    assert lines[:2] == [
        "{{/* Made by wasmwright-installer, which removes this file. */}}",
        '{{ template "base" . }}',
    ]
    assert "SystemdCgroup" not in change.after.decode(), "nothing of what is rendered is copied"


def test_plan_files__release_that_imports_a_directory_now__leaves_the_template_for_it() -> None:
    files = K3S_2.started({})
    first = plan_for(K3S_2, files, LIGHT)
    once = carried_out(files, first)
    newer = replace(K3S_2, imports=True)
    upgraded = newer.started(once)
    second = plan_for(newer, upgraded, LIGHT, first)
    after = newer.started(carried_out(upgraded, second))
    assert f"{K3S_FOLDER}/config-v3.toml.tmpl" not in after
    assert declared(newer.tree(after))["light"] == LIGHT["light"]


def test_plan_files__rendered_without_any_handler_on_1_7__has_the_defaults_written_out() -> None:
    template = b"version = 2\n[debug]\n"
    product = replace(K3S_1_7, files={f"{K3S_FOLDER}/config.toml.tmpl": template})
    plan = plan_for(product, product.started(product.files), LIGHT)
    assert declared(dict(plan.tree)) == DEFAULTS | LIGHT
    assert "the default runtimes are written out" in plan.reason


@pytest.mark.parametrize(
    ("name", "path", "line"),
    [
        ("k3s 2.x", f"{K3S_FOLDER}/config-v3.toml.tmpl", 2),
        ("k3s 1.7", f"{K3S_FOLDER}/config.toml.tmpl", 2),
    ],
)
def test_plan_files__template_has_the_handler__is_a_conflict_with_the_line(
    name: str, path: str, line: int
) -> None:
    text = (
        b'{{ template "base" . }}\n[ plugins."x".containerd.runtimes.\'light\' ]\nruntime_type=1\n'
    )
    product = PRODUCTS[name]
    files = product.started({}) | {path: text}
    with pytest.raises(ConflictError, match=f"handler 'light' .* {path}:{line}") as caught:
        plan_for(product, files, LIGHT)
    assert caught.value.reason == "ForeignHandler"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"# wasmwright: end\n", b"", r":4 holds a mark"),
        (b"# wasmwright: begin", b"# begin", r":7 holds a mark"),
        (b"# wasmwright: end", b"{{ if .X }}\n# wasmwright: end", "something else between"),
        (b"# wasmwright: end", b"[debug]\n# wasmwright: end", r"debug between .*\(line 4\)"),
    ],
    ids=["no end", "no beginning", "a directive", "a table"],
)
def test_base_of__marks_of_a_template_are_damaged__is_a_conflict(
    old: bytes, new: bytes, what: str
) -> None:
    files = K3S_2.started({})
    plan = plan_for(K3S_2, files, LIGHT)
    after = carried_out(files, plan)
    path = f"{K3S_FOLDER}/config-v3.toml.tmpl"
    assert old in after[path]
    after[path] = after[path].replace(old, new)
    with pytest.raises(ConflictError, match=what) as caught:
        base_of(present(K3S_2, after, plan))
    assert caught.value.reason == "ForeignLines"


def test_base_of__handler_of_others_between_the_marks__is_a_conflict() -> None:
    files = K3S_2.started({})
    plan = plan_for(K3S_2, files, LIGHT | CRUN)
    after = carried_out(files, plan)
    now = replace(present(K3S_2, after, plan), names=frozenset({"light"}), records={})
    with pytest.raises(ConflictError, match="somebody wrote crun between"):
        base_of(now)


def test_plan_files__rendered_tables_cannot_be_continued__is_refused() -> None:
    files = {K3S_2.main: b"version = 3\nplugins = {}\n"}
    with pytest.raises(RefusedError, match="through its template") as caught:
        plan_for(K3S_2, files, LIGHT)
    assert caught.value.reason == "ConfigNotEditable"


def test_plan_files__k0s_does_not_manage_its_file__is_refused_with_the_way() -> None:
    product = PRODUCTS["k0s"]
    with pytest.raises(UnsupportedNodeError, match="restart k0s") as caught:
        plan_for(product, {product.main: b"version = 3\n"}, LIGHT)
    assert caught.value.reason == "NotManagedByK0s"


def test_plan_files__microk8s_without_its_template__is_refused() -> None:
    product = PRODUCTS["MicroK8s"]
    files = product.started(product.files)
    del files[MICROK8S_TEMPLATE]
    with pytest.raises(UnsupportedNodeError, match="snap refresh") as caught:
        plan_for(product, files, LIGHT)
    assert caught.value.reason == "TemplateMissing"


def test_plan_files__foreign_file_of_our_name__is_a_conflict() -> None:
    product = PRODUCTS["k0s 1.7"]
    files = product.started(product.files) | {"/etc/k0s/containerd.d/wasmwright.toml": b"[debug]\n"}
    with pytest.raises(ConflictError, match="was not written by wasmwright"):
        plan_for(product, files, LIGHT)


def test_k0s_merged_file__is_rendered_without_our_marks() -> None:
    """What makes the name of a handler, and not a mark, the way to find it there."""
    product = PRODUCTS["k0s 1.7"]
    files = product.started(product.files)
    after = product.started(carried_out(files, plan_for(product, files, LIGHT)))
    assert b"light" in after[K0S_MERGED]
    assert b"wasmwright:" not in after[K0S_MERGED]


@products
def test_layout_of__running_daemon__is_its_products_row(product: Product) -> None:
    assert product.layout.name.lower() == product.name.lower()
    expected = Activation.WAIT if product.watches else Activation.RESTART
    assert product.layout.activation is expected


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"config_path": "/data/agent/etc/containerd/config.toml"}, "k3s"),
        (
            {"config_path": "/data/agent/etc/containerd/config.toml", "unit": "rke2-x.service"},
            "RKE2",
        ),
        (
            {
                "config_path": "/data/agent/etc/containerd/config.toml",
                "supervisor": ("/opt/rke2/bin/rke2", "agent"),
            },
            "RKE2",
        ),
        ({"config_path": "/etc/containerd/config.toml"}, "containerd 2.x"),
    ],
    ids=["data directory", "unit", "supervisor", "external containerd"],
)
def test_layout_of__other_places__goes_by_what_the_daemon_reads(
    changes: dict[str, Any], name: str
) -> None:
    from wasmwright_installer.layouts.table import layout_of

    daemon = replace(K3S_2.daemon, unit="x.service", supervisor=(), executable="/x")
    assert layout_of(replace(daemon, **changes)).name == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("k3s 2.x server under another name", "k3s-edge.service holds a server of the control"),
        ("RKE2 server 1.7", "rke2-server.service holds a server of the control plane"),
        ("RKE2 agent", "rke2-agent.service holds the kubelet too"),
        ("k3s 2.x", "k3s-agent.service holds the kubelet too"),
        ("k0s", ""),
        ("MicroK8s", ""),
    ],
)
def test_caution__restart_of_the_unit__says_what_goes_with_it(name: str, expected: str) -> None:
    product = PRODUCTS[name]
    caution = product.layout.caution(product.daemon)
    assert caution.startswith(expected)
    assert bool(caution) == bool(expected)
