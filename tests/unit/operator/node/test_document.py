from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.node.plans import READY, plan
from wasmwright_operator.actions import CreateJob
from wasmwright_operator.api.wasmnode import Cause
from wasmwright_operator.manifests import JobPolicy
from wasmwright_operator.manifests.jobs import JobTemplate, built_in_template


@pytest.mark.parametrize(
    ("wanted", "cause", "expected"),
    [
        ("b" * 64, Cause.UPDATE, ("c" * 64,)),
        (given.HASH, Cause.REINSTALL, ()),
        (given.HASH, Cause.DRIFTED, ()),
        (given.HASH, Cause.VERIFY, ("c" * 64,)),
        (given.HASH, Cause.REBOOTED, ("c" * 64,)),
    ],
    ids=["something else is wanted", "reinstall", "drifted", "verify", "rebooted"],
)
def test_run__store_holds_something__is_told_of_it_unless_it_repeats_a_success(
    wanted: str, cause: Cause, expected: tuple[str, ...]
) -> None:
    record = given.wasm_node("n1", given.entry(), attempt=2)
    record = replace(
        record,
        spec=record.spec.model_copy(update={"hash": wanted, "cause": cause, "keep_versions": 2}),
        status=READY.model_copy(update={"stored": ("c" * 64,)}),
    )
    (job,) = [item for item in plan(record) if isinstance(item, CreateJob)]
    assert (job.document.stored, job.document.keep_versions) == (expected, 2)


@pytest.mark.parametrize(
    ("stored", "fetches"), [((), True), (("b" * 64,), False)], ids=["absent", "in the store"]
)
def test_job__binary_is_in_the_store__has_nothing_to_fetch(
    stored: tuple[str, ...], *, fetches: bool
) -> None:
    record = given.wasm_node("n1", given.entry(source=given.http("amd64", sha256="b" * 64)))
    (action,) = [item for item in plan(record) if isinstance(item, CreateJob)]
    known = replace(action, document=action.document.model_copy(update={"stored": stored}))
    manifest = JobTemplate(built_in_template(), JobPolicy("here", "image")).render(known)
    assert ("initContainers" in manifest["spec"]["template"]["spec"]) is fetches
