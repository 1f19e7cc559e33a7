"""The rules of the cluster's owner: what they name, what they let pass, what they stop."""

from typing import Any

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import plan
from wasmwright_operator.actions import CreateWasmNode, WriteRuntimeStatus
from wasmwright_operator.fleet import FleetPolicy
from wasmwright_operator.fleet.acceptance import judge_runtimes
from wasmwright_operator.fleet.source_policy import SourcePolicy, violation

OCI = f"registry.example.com/wasm/spin@sha256:{'c' * 64}"


def http(url: str, **more: Any) -> dict[str, Any]:
    return {"http": {"platforms": [{"arch": "amd64", "url": url, "sha256": "b" * 64, **more}]}}


def broken(policy: SourcePolicy, **spec: Any) -> tuple[str, str]:
    runtime = given.runtime(**spec)
    assert runtime.spec is not None
    found = violation(runtime.spec, policy)
    return (found.reason, found.message) if found else ("", "")


@pytest.mark.parametrize(
    ("start", "source"),
    [
        ("https://a.example.com/", http("https://a.example.com/x/shim")),
        ("https://a.example.com", http("https://a.example.com/x/shim")),
        ("https://a.example.com/x", http("https://a.example.com/x/shim")),
        ("https://a.example.com/x/shim", http("https://a.example.com/x/shim")),
        ("https://", http("https://a.example.com/x/shim")),
        ("https://a.example.com/", http("https://a.example.com/a..b/shim")),
        ("oci://registry.example.com/wasm", {"oci": {"ref": OCI}}),
        ("oci://", {"oci": {"ref": OCI}}),
        ("oci://registry.example.com/wasm", {"image": {"ref": OCI, "path": "/shim"}}),
        ("file:///usr/bin/", {"hostPath": {"path": "/usr/bin/crun"}}),
    ],
)
def test_violation__address_below_what_is_allowed__is_none(
    start: str, source: dict[str, Any]
) -> None:
    policy = SourcePolicy(allowed=("https://other.example.com/", start))
    assert broken(policy, source=source) == ("", "")


@pytest.mark.parametrize(
    ("start", "source", "field"),
    [
        ("https://a.example.com", http("https://a.example.com.evil.net/x"), "url of"),
        ("https://a.example.com/x", http("https://a.example.com/xy/shim"), "url of"),
        ("https://a.example.com/x/", http("http://a.example.com/x/shim"), "url of"),
        ("https://a.example.com/x/", http("https://a.example.com/x/../y/shim"), "url of"),
        ("https://a.example.com/x/", http("https://a.example.com/x/%2e%2E/y"), "url of"),
        ("https://a.example.com/x/", http("https://a.example.com/x/%252e%252e/y"), "url of"),
        ("https://a.example.com/x/", http("https://a.example.com/x/..%5cy"), "url of"),
        (
            "https://a.example.com/",
            http("https://a.example.com/x", mirrors=["https://b.example.com/x"]),
            "a mirror of",
        ),
        ("oci://registry.example.com/wa", {"oci": {"ref": OCI}}, "oci.ref"),
        (
            "oci://registry.example.com/",
            {"oci": {"ref": OCI, "mirrors": ["b.example.com/x"]}},
            "a mirror of spec.source.oci",
        ),
        ("https://registry.example.com/", {"oci": {"ref": OCI}}, "oci.ref"),
        ("oci://b.example.com/", {"image": {"ref": OCI, "path": "/shim"}}, "image.ref"),
        ("file:///usr/bin/", {"hostPath": {"path": "/opt/crun"}}, "hostPath.path"),
    ],
)
def test_violation__address_elsewhere__names_field_and_rule(
    start: str, source: dict[str, Any], field: str
) -> None:
    reason, message = broken(SourcePolicy(allowed=(start,)), source=source)

    assert reason == "SourceNotAllowed"
    assert field in message
    assert f"policy.allowedSources of the chart allows only {start};" in message


def test_violation__address_with_a_secret__is_told_without_it() -> None:
    _, message = broken(
        SourcePolicy(allowed=("https://b/",)), source=http("https://a.example.com/x?sig=hush")
    )

    assert "'https://a.example.com/x'" in message
    assert "hush" not in message


SIGNED = {"verify": {"publicKey": {"configMap": "cosign"}}}


def signed(source: dict[str, Any]) -> dict[str, Any]:
    ((kind, fields),) = source.items()
    return {kind: {**fields, **SIGNED}}


@pytest.mark.parametrize(
    ("start", "source"),
    [
        ("https://", http("https://a.example.com/x/shim")),
        ("https://a.example.com/x", http("https://a.example.com/x/shim")),
        ("https://a.example.com/", http("https://A.Example.com/x/shim")),
        ("https://a.example.com/x/", http("https://a.example.com/y/../x/shim")),
        (
            "https://b.example.com/",
            http("https://a.example.com/x", mirrors=["https://b.example.com/y"]),
        ),
        ("oci://", {"oci": {"ref": OCI}}),
        ("oci://b.example.com/", {"oci": {"ref": OCI, "mirrors": ["b.example.com/x"]}}),
    ],
)
def test_violation__no_signer_where_one_is_wanted__names_field_and_rule(
    start: str, source: dict[str, Any]
) -> None:
    policy = SourcePolicy(signed=(start,))
    reason, message = broken(policy, source=source)

    assert reason == "SignatureRequired"
    assert "policy.requireSignatures of the chart" in message
    assert broken(policy, source=signed(source)) == ("", "")


def test_violation__image_where_a_signature_is_wanted__cannot_have_one() -> None:
    source = {"image": {"ref": OCI, "path": "/shim"}}
    reason, message = broken(SourcePolicy(signed=("oci://",)), source=source)

    assert reason == "SignatureRequired"
    assert "spec.source.image.ref" in message


@pytest.mark.parametrize(
    "source",
    [
        http("https://a.example.com/xy"),
        {"oci": {"ref": OCI}},
        {"hostPath": {"path": "/usr/bin/crun"}},
    ],
    ids=["beside", "registry", "host"],
)
def test_violation__no_signer_elsewhere__is_none(source: dict[str, Any]) -> None:
    assert broken(SourcePolicy(signed=("https://a.example.com/x",)), source=source) == ("", "")


@pytest.mark.parametrize(
    ("policy", "reason"),
    [(SourcePolicy(), ""), (SourcePolicy(allow_options=False), "OptionsNotAllowed")],
)
def test_violation__options__are_a_matter_of_the_rule(policy: SourcePolicy, reason: str) -> None:
    config = {"options": {"SystemdCgroup": True}}

    assert broken(policy, config=config)[0] == reason
    assert broken(policy) == ("", "")


def test_judge_runtimes__broken_rule__keeps_the_names() -> None:
    policy = SourcePolicy(allowed=("file:///opt/",))
    verdicts = judge_runtimes(
        [
            given.runtime("a", created="1", handler="h"),
            given.runtime("b", created="2", handler="h", source={"hostPath": {"path": "/opt/b"}}),
        ],
        policy,
    )

    assert (verdicts["a"].reason, verdicts["b"].reason) == ("SourceNotAllowed", "HandlerConflict")


def test_plan_fleet__broken_rule__is_told_on_the_runtime_and_starts_nothing() -> None:
    policy = FleetPolicy(sources=SourcePolicy(allowed=("file:///opt/",)))
    actions = plan(given.node(asks="spin"), given.runtime("spin"), policy=policy)
    (status,) = [it.status for it in actions if isinstance(it, WriteRuntimeStatus)]
    accepted = {it.type: (it.status, it.reason) for it in status.conditions}["Accepted"]

    assert accepted == ("False", "SourceNotAllowed")
    assert [it for it in actions if isinstance(it, CreateWasmNode) and it.spec.runtimes] == []
