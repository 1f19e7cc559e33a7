"""Takeovers on nodes whose configuration a distribution renders, as the predecessors left them."""

from dataclasses import replace
from pathlib import Path

import pytest

from unit.installer import predecessors as texts
from unit.installer.documents import artifacts, crun, document, shim
from unit.installer.fake_host.node import FakeNode
from unit.installer.fake_product import make_product_node
from unit.installer.products import (
    K3S_1_7,
    K3S_2,
    MICROK8S_TEMPLATE,
    PRODUCTS,
    Product,
    rancher_base,
)
from wasmwright_installer.apply.explain import explain_status
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import ApplyResult, NodeDocument, PredecessorName
from wasmwright_installer.errors import ConflictError

WANTED = document(crun())
TAKEN = WANTED.model_copy(update={"take_over": (PredecessorName.KWASM, PredecessorName.RCM)})
K3S_TEMPLATE = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml.tmpl"
RKE2 = PRODUCTS["RKE2 server 1.7"]
MICROK8S = "/var/snap/microk8s/current/args/containerd-template.toml"


def with_template(product: Product, path: str, text: bytes) -> Product:
    return replace(product, files={**product.files, path: text})


def frozen(product: Product, left: str) -> tuple[Product, str, bytes]:
    """A copy of the rendered file has become the template, with tables appended."""
    path = f"{product.main.rpartition('/')[0]}/config.toml.tmpl"
    copied = rancher_base(product, 2)
    return with_template(product, path, copied + left.encode()), path, copied


NODES = {
    "k3s by KWasm": frozen(K3S_1_7, texts.KWASM),
    "RKE2 by KWasm": frozen(RKE2, texts.KWASM_PATHS),
    "k3s by runtime-class-manager": frozen(K3S_1_7, texts.RCM),
    "k3s 2.x by KWasm": frozen(K3S_2, texts.KWASM),
    "MicroK8s by KWasm": (
        with_template(
            PRODUCTS["MicroK8s"], MICROK8S, MICROK8S_TEMPLATE + texts.KWASM_MICROK8S.encode()
        ),
        MICROK8S,
        MICROK8S_TEMPLATE,
    ),
}


def run(node: FakeNode, wanted: NodeDocument) -> ApplyResult:
    return apply(node.host, wanted, artifacts(node.root.parent / "art", *wanted.runtimes))


@pytest.mark.parametrize(("product", "path", "found"), NODES.values(), ids=NODES.keys())
def test_apply__takeover__cuts_the_template_and_gives_it_back_without_them(
    tmp_path: Path, product: Product, path: str, found: bytes
) -> None:
    node = make_product_node(tmp_path / "host", product)
    texts.leave_kwasm(node)
    texts.leave_rcm(node)
    assert node.daemon.loaded.keys() - {"runc"}
    left = explain_status(node.host).leftovers
    assert [each.templates for each in left if each.handlers] == [
        (path,) if path.endswith(".tmpl") else ()
    ]
    result = run(node, TAKEN)
    assert (result.restarted, node.daemon.restarts) == (True, 1)
    assert set(node.daemon.loaded) == {"runc", "crun"}
    assert node.daemon.loaded["crun"]["options"]["BinaryName"].endswith("wasmwright/bin/crun/crun")
    assert b"kwasm" not in node.read(path)
    assert not node.files.exists("/opt/kwasm")
    assert not node.files.exists("/opt/rcm")
    assert (run(node, TAKEN).changed, node.daemon.restarts) == (False, 1)
    run(node, document())
    assert node.read(path) == found
    assert set(node.daemon.loaded) == {"runc"}


def test_apply__no_permission__is_a_conflict_that_names_the_field(tmp_path: Path) -> None:
    product, _, _ = NODES["k3s by KWasm"]
    node = make_product_node(tmp_path / "host", product)
    texts.leave_kwasm(node)
    before = node.tree()
    with pytest.raises(ConflictError, match=r"declared by KWasm .*takeOver"):
        run(node, WANTED)
    assert node.tree() == before


def test_apply__k3s_found_a_shim_of_kwasm_by_itself__is_left_to_it(tmp_path: Path) -> None:
    """k3s declares it anew at each start, so a table of ours would stand there twice."""
    detected = replace(K3S_2, detected="wasmtime", detected_type="io.containerd.wasmtime.v1")
    node = make_product_node(tmp_path / "host", detected)
    texts.leave_kwasm(node)
    result = run(node, TAKEN)
    assert "wasmtime" in result.handlers
    assert "files of KWasm stay until nothing uses them: handler wasmtime" in result.warnings
    with pytest.raises(ConflictError, match=r"'wasmtime' is declared by somebody else") as caught:
        run(node, TAKEN.model_copy(update={"runtimes": (crun(), shim("wasmtime"))}))
    assert "takeOver" not in caught.value.message


def test_apply__nothing_but_files_is_left__they_go(tmp_path: Path) -> None:
    node = make_product_node(tmp_path / "host", PRODUCTS["k0s"])
    texts.leave_rcm(node)
    result = run(node, TAKEN)
    assert set(result.handlers) == {"runc", "crun"}
    assert not node.files.exists("/opt/rcm")
