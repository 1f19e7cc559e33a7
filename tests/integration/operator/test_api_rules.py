"""Each rule of the API refuses what it is meant to refuse, in its own words, and nothing more."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from integration.operator.api import WRT, Api, ApiRefusedError, Raw
from integration.operator.kinds import ROOT
from wasmwright_operator import names

pytestmark = pytest.mark.integration

DIGEST: Final = "a" * 64
DRAIN: Final = {"timeout": "1m"}


def http(**platform: Any) -> Raw:
    given = {"arch": "amd64", "url": "https://example.org/shim", "sha256": DIGEST, **platform}
    return {"http": {"platforms": [given]}}


def http_with(**fields: Any) -> Raw:
    """A source with a download, and how it is reached."""
    return {"source": {"http": {**http()["http"], **fields}}}


def oci(**fields: Any) -> Raw:
    return {"oci": {"ref": f"registry.example.com:5000/a/b@sha256:{DIGEST}", **fields}}


IMAGE: Final = {"ref": f"registry.example.com/a/b@sha256:{DIGEST}", "path": "/bin/shim"}
AUTH: Final = {"auth": {"secret": "token"}}
KEYLESS: Final = {
    "keyless": {
        "identity": "me@corp",
        "issuer": "https://id.corp",
        "trustedRoot": {"configMap": "sigstore", "key": "root.json"},
    }
}
PUBLIC_KEY: Final = {"publicKey": {"configMap": "cosign"}}


def disruption(**fields: Any) -> Raw:
    return {"rollout": {"disruption": fields}}


GOOD: Final[dict[str, Raw]] = {
    "bare": {},
    "smoke-test": {"verify": {"smokeTest": {}}},
    "smoke-test-of-theirs": {
        "verify": {"smokeTest": {"image": "a/b:1", "command": ["/"], "expect": "hi"}}
    },
    "oci-runtime-with-options": {
        "type": "OCIRuntime",
        "config": {"options": {"SystemdCgroup": True, "Runs": 3}},
    },
    "shim-with-binary-name": {"config": {"options": {"BinaryName": "/usr/bin/crun"}}},
    "download": {"source": http(path="dir/containerd-shim-spin-v2")},
    "dots-in-a-path": {"source": http(path="a..b/c")},
    "mirrors": {"source": http(mirrors=["https://example.net/a", "http://10.0.0.1:80/b"])},
    "access": http_with(
        proxy={"url": "http://proxy:3128", "noProxy": ["*.corp", "10.0.0.1"], "secret": "proxy"},
        caBundle={"configMap": "corp-ca"},
        sizeLimit="64Mi",
        auth={"secret": "token", "key": "t", "header": "X-Key", "hosts": ["a.corp:8443"]},
    ),
    "signed-by-a-key": http_with(verify={"publicKey": {"secret": "cosign"}}),
    "signed-by-an-identity": {"source": oci(verify=KEYLESS)},
    "oci": {"source": oci()},
    "oci-in-full": {
        "source": oci(
            mirrors=["mirror.example.com:5000/a/b_c"],
            title="shim.tar.zst",
            path="bin/shim",
            pullSecrets=["regcred"],
            architectures=["amd64"],
            caBundle={"configMap": "corp-ca"},
        )
    },
    "image": {"source": {"image": {**IMAGE, "pullSecrets": ["a"], "architectures": ["arm64"]}}},
    "selectors": {
        "placement": {
            "nodeSelector": {
                "matchLabels": {"pool": "wasm"},
                "matchExpressions": [{"key": "zone", "operator": "Exists"}],
            }
        },
        "runtimeClasses": [{"name": "spin", "nodeSelector": {"pool": "wasm"}}],
    },
    "numbers": {"minReadyNodes": 0, "rollout": {"maxUnavailable": 1, "maxFailures": 0}},
    "percentages": {
        "minReadyNodes": "100%",
        "rollout": {"maxUnavailable": "1%", "maxFailures": "25%"},
    },
    "drain": disruption(mode="Drain", drain=DRAIN),
    "window": {"rollout": {"window": {"days": ["Sat"], "start": "22:00", "end": "04:00"}}},
    "canary": {"rollout": {"canary": {"count": 2, "soak": "1h30m", "approval": "Manual"}}},
}

OURS: Final = {"wasmwright.dev/provisioned": "true"}
OURS_OF_A_RUNTIME: Final = {"runtime.wasmwright.dev/spin": "ready"}

BAD: Final[dict[str, tuple[Raw, str]]] = {
    "no-source": ({"source": {}}, "exactly one of"),
    "two-sources": ({"source": {**http(), "hostPath": {"path": "/a"}}}, "exactly one of"),
    "three-sources": (
        {"source": {**http(), **oci(), "hostPath": {"path": "/a"}}},
        "exactly one of http, oci, image and hostPath",
    ),
    "two-signers": ({"source": oci(verify={**KEYLESS, **PUBLIC_KEY})}, "publicKey and keyless"),
    "no-signer": (http_with(verify={}), "publicKey and keyless"),
    "key-in-two-places": (
        http_with(verify={"publicKey": {"configMap": "a", "secret": "b"}}),
        "configMap and secret",
    ),
    "image-path-goes-up": (
        {"source": {"image": {**IMAGE, "path": "/a/../shim"}}},
        "may not go up",
    ),
    "layer-path-goes-up": ({"source": oci(path="../shim")}, "may not go up"),
    "reserved-handler": ({"handler": "runc"}, "usual name of a runtime that is not ours"),
    "reserved-handler-of-kata": ({"handler": "kata-qemu"}, "usual name of a runtime"),
    "binary-of-an-oci-runtime": (
        {"type": "OCIRuntime", "config": {"options": {"BinaryName": "x"}}},
        "BinaryName is set by wasmwright",
    ),
    "path-goes-up": ({"source": http(path="../shim")}, "may not go up"),
    "secret-in-the-open": (
        {"source": {"http": {**http(url="http://a/b")["http"], **AUTH}}},
        "url and mirrors must begin with https",
    ),
    "secret-in-the-open-to-a-mirror": (
        {"source": {"http": {**http(mirrors=["https://a/b", "http://a/b"])["http"], **AUTH}}},
        "url and mirrors must begin with https",
    ),
    "host-path-goes-up": ({"source": {"hostPath": {"path": "/usr/../shim"}}}, "may not go up"),
    "selects-our-label": (
        {"placement": {"nodeSelector": {"matchLabels": OURS}}},
        "are written by wasmwright",
    ),
    "selects-our-label-by-expression": (
        {
            "placement": {
                "nodeSelector": {
                    "matchExpressions": [{"key": next(iter(OURS)), "operator": "Exists"}]
                }
            }
        },
        "are written by wasmwright",
    ),
    "class-selects-our-label": (
        {"runtimeClasses": [{"name": "spin", "nodeSelector": OURS_OF_A_RUNTIME}]},
        "are written by wasmwright",
    ),
    "negative-min-ready": ({"minReadyNodes": -1}, "minReadyNodes must be"),
    "min-ready-of-0%": ({"minReadyNodes": "0%"}, "minReadyNodes must be"),
    "min-ready-of-101%": ({"minReadyNodes": "101%"}, "minReadyNodes must be"),
    "nothing-unavailable": ({"rollout": {"maxUnavailable": 0}}, "maxUnavailable must be"),
    "unavailable-word": ({"rollout": {"maxUnavailable": "some"}}, "maxUnavailable must be"),
    "negative-failures": ({"rollout": {"maxFailures": -1}}, "maxFailures must be"),
    "command-without-an-image": (
        {"verify": {"smokeTest": {"command": ["/"]}}},
        "about an image of yours",
    ),
    "words-without-an-image": (
        {"verify": {"smokeTest": {"expect": "hi"}}},
        "about an image of yours",
    ),
    "drain-without-its-mode": (disruption(drain=DRAIN), "drain is only read with mode Drain"),
}

REFUSED_BY_TYPE: Final[dict[str, tuple[Raw, str]]] = {
    "two-downloads-for-one-architecture": (
        {"source": {"http": {"platforms": 2 * http()["http"]["platforms"]}}},
        "Duplicate value",
    ),
    "digest-too-short": ({"source": http(sha256="abc")}, "sha256"),
    "password-in-a-url": ({"source": http(url="https://me:hush@a/b")}, "url"),
    "password-in-a-mirror": ({"source": http(mirrors=["https://me:hush@a/b"])}, "mirrors"),
    "password-of-a-proxy": (http_with(proxy={"url": "http://me:hush@a"}), "proxy.url"),
    "key-that-leads-elsewhere": (http_with(auth={"secret": "a", "key": ".."}), "auth.key"),
    "secret-that-leads-elsewhere": (http_with(auth={"secret": "../a"}), "auth.secret"),
    "size-without-a-unit": (http_with(sizeLimit="100"), "sizeLimit"),
    "artifact-by-tag": ({"source": oci(ref="registry.example.com/a:1")}, "oci.ref"),
    "image-path-is-relative": ({"source": {"image": {**IMAGE, "path": "shim"}}}, "image.path"),
    "image-by-tag": ({"source": {"image": {**IMAGE, "ref": "a.example.com/b:1"}}}, "image.ref"),
    "artifact-without-registry": ({"source": oci(ref=f"a@sha256:{DIGEST}")}, "oci.ref"),
    "mirror-by-url": ({"source": oci(mirrors=["https://a.example.com/b"])}, "mirrors"),
    "no-url": ({"source": http(url="example.org/shim")}, "url"),
    "span-without-a-unit": ({"rollout": {"canary": {"soak": "5"}}}, "soak"),
    "time-of-day": ({"rollout": {"window": {"start": "24:00", "end": "4:00"}}}, "start"),
    "nobody-at-a-time": ({"rollout": {"maxParallel": 0}}, "maxParallel"),
    "unknown-policy": (disruption(wasmPods="Perhaps"), "wasmPods"),
}


def manifest(spec: Raw, name: str = "spin") -> Raw:
    return {
        "apiVersion": names.API_VERSION,
        "kind": "WasmRuntime",
        "metadata": {"name": name},
        "spec": {"source": {"hostPath": {"path": "/usr/bin/spin"}}, **spec},
    }


def dry_run(api: Api, body: Raw) -> Raw:
    return api.create(f"{WRT}?dryRun=All&fieldValidation=Strict", body)


@pytest.mark.parametrize("case", GOOD)
def test_spec__within_the_rules__is_accepted(api: Api, case: str) -> None:
    assert dry_run(api, manifest(GOOD[case]))["spec"]["source"]


@pytest.mark.parametrize("case", BAD | REFUSED_BY_TYPE)
def test_spec__against_a_rule__is_refused_in_its_words(api: Api, case: str) -> None:
    spec, words = (BAD | REFUSED_BY_TYPE)[case]

    with pytest.raises(ApiRefusedError, match=words):
        dry_run(api, manifest(spec))


@pytest.mark.parametrize("name", ["a" * 41, "spin.v2"])
def test_name__that_makes_no_label_key__is_refused(api: Api, name: str) -> None:
    with pytest.raises(ApiRefusedError, match="DNS label of at most 40 characters"):
        dry_run(api, manifest({}, name))


@pytest.mark.parametrize(
    ("old", "new"), [({}, {"handler": "other"}), ({"handler": "a"}, {"handler": None})]
)
def test_handler__once_chosen__cannot_be_changed(api: Api, old: Raw, new: Raw) -> None:
    api.create(WRT, manifest(old, "immutable"))
    try:
        with pytest.raises(ApiRefusedError, match="handler is immutable"):
            api.merge(f"{WRT}/immutable", {"spec": new})
        assert api.merge(f"{WRT}/immutable", {"spec": {"version": "2"}})["spec"]["version"] == "2"
    finally:
        api.delete(f"{WRT}/immutable")


def test_rules__each_one__has_a_case_that_it_refuses() -> None:
    tried = [words for _, words in BAD.values()]
    tried += ["DNS label of at most 40 characters", "handler is immutable"]
    messages = {
        message
        for path in (ROOT / "crds").glob("*.yaml")
        for message in _messages(yaml.safe_load(path.read_text()))
    }

    assert messages
    assert [said for said in messages if not any(words in said for words in tried)] == []


def _messages(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (item["message"] for item in node.get("x-kubernetes-validations", ()))
        for value in node.values():
            yield from _messages(value)
    elif isinstance(node, list):
        for value in node:
            yield from _messages(value)
