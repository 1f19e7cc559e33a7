"""Who gets to see the files that downloads want: the container that downloads, and nobody else."""

import json
from dataclasses import replace
from typing import Any

import pytest

from unit.operator import given
from wasmwright_installer.contract import NodeDocument
from wasmwright_operator.actions import CreateJob
from wasmwright_operator.manifests import JobPolicy, JobTemplate, built_in_template
from wasmwright_operator.manifests.jobs import _SAMPLE, JobTemplateError

BUILT_IN = built_in_template()
ACCESS: dict[str, Any] = {
    "auth": {"secret": "token"},
    "caBundle": {"configMap": "corp-ca"},
    "proxy": {"url": "http://p:3128", "secret": "proxy"},
}
FILES = [
    "configmap/corp-ca/ca.crt",
    "secret/proxy/password",
    "secret/proxy/username",
    "secret/token/authorization",
]


def wanted(stored: tuple[str, ...] = (), **http: Any) -> CreateJob:
    source = given.http("amd64")
    entry = given.entry(source={"http": {**source["http"], **http}})
    return replace(_SAMPLE, document=NodeDocument(runtimes=(entry,), stored=stored))


def pod(action: CreateJob, text: str = BUILT_IN) -> dict[str, Any]:
    template = JobTemplate(text, JobPolicy("system", "installer"))
    spec: dict[str, Any] = template.render(action)["spec"]["template"]["spec"]
    return spec


def mounts(container: dict[str, Any]) -> set[str]:
    return {mount["name"] for mount in container["volumeMounts"]}


def test_job__files_are_wanted__are_mounted_for_the_download_alone() -> None:
    spec = pod(wanted(**ACCESS))
    (volume,) = [it for it in spec["volumes"] if it["name"] == "source-files"]
    (fetch,), (apply,) = spec["initContainers"], spec["containers"]

    sources = volume["projected"]["sources"]
    objects = [item.get("secret") or item["configMap"] for item in sources]
    assert [item["items"][0]["path"] for item in objects] == FILES
    assert [(item["name"], item["items"][0]["key"]) for item in objects] == [
        ("corp-ca", "ca.crt"),
        ("proxy", "password"),
        ("proxy", "username"),
        ("token", "authorization"),
    ]
    assert all(item["optional"] for item in objects)
    assert "source-files" in mounts(fetch)
    assert fetch["args"][-2:] == ["--files", "/etc/wasmwright-files"]
    assert "source-files" not in mounts(apply)
    assert fetch["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_job__pull_secrets__are_mounted_for_the_download() -> None:
    oci = {"ref": f"registry.example.com/spin@sha256:{'c' * 64}", "pullSecrets": ["regcred"]}
    document = NodeDocument(runtimes=(given.entry(source={"oci": oci}),))
    spec = pod(replace(_SAMPLE, document=document))
    (volume,) = [it for it in spec["volumes"] if it["name"] == "source-files"]

    assert volume["projected"]["sources"] == [
        {
            "secret": {
                "name": "regcred",
                "optional": True,
                "items": [{"key": ".dockerconfigjson", "path": "secret/regcred/.dockerconfigjson"}],
            }
        }
    ]


@pytest.mark.parametrize(
    ("verify", "field", "name", "file"),
    [
        ({"publicKey": {"secret": "s"}}, "secret", "s", "secret/s/cosign.pub"),
        (
            {"keyless": {"identity": "i", "issuer": "j", "trustedRoot": {"configMap": "c"}}},
            "configMap",
            "c",
            "configmap/c/trusted_root.json",
        ),
    ],
    ids=["key", "keyless"],
)
def test_job__signer_is_named__its_file_is_mounted_for_the_download(
    verify: dict[str, object], field: str, name: str, file: str
) -> None:
    source = given.http("amd64")["http"]
    document = NodeDocument(runtimes=(given.entry(source={"http": {**source, "verify": verify}}),))
    spec = pod(replace(_SAMPLE, document=document))
    (volume,) = [it for it in spec["volumes"] if it["name"] == "source-files"]
    items = [{"key": file.rpartition("/")[2], "path": file}]

    assert volume["projected"]["sources"] == [
        {field: {"name": name, "optional": True, "items": items}}
    ]


@pytest.mark.parametrize(
    "action",
    [wanted(), wanted(sizeLimit="1Mi"), wanted(("b" * 64,), **ACCESS), _SAMPLE],
    ids=["nothing named", "no file named", "in the store", "no download"],
)
def test_job__no_file_is_wanted__mounts_none(action: CreateJob) -> None:
    assert "source-files" not in json.dumps(pod(action))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "- {name: source-files, mountPath: /etc/wasmwright-files, readOnly: true}",
            "- {name: artifacts, mountPath: /twice}",
            "fetch does not mount 'source-files'",
        ),
        (
            "- {name: host, mountPath: /host, mountPropagation: HostToContainer}",
            "- {name: source-files, mountPath: /host}",
            "containers mounts 'source-files' where it is not to be seen",
        ),
        ("sources: {{ handed_files | tojson }}", "sources: []", "none named 'source-files' with"),
    ],
    ids=["not for the download", "for the change of the node", "without the files"],
)
def test_template__files_go_elsewhere__is_refused(old: str, new: str, words: str) -> None:
    assert old in BUILT_IN
    with pytest.raises(JobTemplateError, match=words):
        pod(wanted(**ACCESS), BUILT_IN.replace(old, new))


IMAGE = f"registry.example.com/spin@sha256:{'c' * 64}"


def from_image(name: str = "spin", **image: Any) -> NodeDocument:
    source = {"image": {"ref": IMAGE, "path": "/shim", **image}}
    return NodeDocument(runtimes=(given.entry(name, source=source),))


def test_job__image_is_wanted__is_pulled_by_the_kubelet_and_copied_without_its_help() -> None:
    document = from_image(pullSecrets=["regcred"])
    key = document.runtimes[0].source.key
    policy = JobPolicy("system", "installer", pull_secrets=("own", "regcred"))
    job = JobTemplate(BUILT_IN, policy).render(replace(_SAMPLE, document=document))
    spec = job["spec"]["template"]["spec"]
    lent, taken, fetch = spec["initContainers"]

    assert spec["imagePullSecrets"] == [{"name": "own"}, {"name": "regcred"}]
    assert (lent["image"], lent["args"]) == ("installer", ["copier", "--into", "/copier"])
    assert (taken["image"], taken["imagePullPolicy"]) == (IMAGE, "IfNotPresent")
    assert taken["command"][0] == "/wasmwright-copier/loader"
    assert "if=/shim" in taken["command"]
    assert taken["securityContext"] == fetch["securityContext"]
    assert taken["volumeMounts"] == [
        {"name": "copier", "mountPath": "/wasmwright-copier", "readOnly": True},
        {"name": "images", "mountPath": "/wasmwright-image", "subPath": key},
    ]
    assert fetch["args"][-2:] == ["--images", "/images"]
    assert mounts(spec["containers"][0]) == {"document", "artifacts", "host"}


def test_job__several_images__are_each_kept_from_the_others() -> None:
    one, other = from_image("a", path="/a").runtimes + from_image("b", path="/b").runtimes
    spec = pod(replace(_SAMPLE, document=NodeDocument(runtimes=(one, other))))
    taken = [it for it in spec["initContainers"] if it["name"].startswith("image-")]

    assert [it["name"] for it in taken] == ["image-0", "image-1"]
    assert {it["volumeMounts"][1]["subPath"] for it in taken} == {one.source.key, other.source.key}


def test_job__image_is_in_the_nodes_store__is_not_asked_for() -> None:
    document = from_image(pullSecrets=["regcred"])
    stored = document.model_copy(update={"stored": (document.runtimes[0].source.key,)})
    spec = pod(replace(_SAMPLE, document=stored))

    assert "initContainers" not in spec
    assert spec["imagePullSecrets"] == []


def test_template__without_the_containers_of_images__is_refused() -> None:
    text = BUILT_IN.replace("in image_containers %}", "in [] %}")
    with pytest.raises(JobTemplateError, match="none with name, image, command and"):
        pod(replace(_SAMPLE, document=from_image()), text)
