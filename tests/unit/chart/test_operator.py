import pytest
import yaml

from unit.chart.rendering import CHART, render
from wasmwright_operator.fleet.source_policy import SourcePolicy
from wasmwright_operator.settings import load_settings

VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]


def test_operator__is_restricted() -> None:
    release = render()
    pod, container = release.operator_pod, release.operator

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {key for key in pod if key.startswith("host")} == set()
    assert all("hostPath" not in volume for volume in pod["volumes"])


def test_operator__is_watched() -> None:
    spec = render().find("Deployment")["spec"]

    assert spec["replicas"] == 1
    (container,) = spec["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "health"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
    assert container["ports"] == [{"name": "health", "containerPort": 8080, "protocol": "TCP"}]
    assert container["args"] == ["run"]


def test_operator__twice__is_drained_one_at_a_time() -> None:
    assert render().of("PodDisruptionBudget") == []
    release = render({"operator": {"replicas": 2}})
    assert release.find("Deployment")["spec"]["replicas"] == 2
    budget = release.find("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    pods = release.find("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert budget["selector"]["matchLabels"].items() <= pods.items()


def test_environment__by_default() -> None:
    release = render()

    assert release.environment == {
        "WASMWRIGHT_NAMESPACE": "",
        "WASMWRIGHT_POD_NAME": "",
        "WASMWRIGHT_INSTALLER_IMAGE": f"wasmwright/installer:{VERSION}",
        "WASMWRIGHT_INSTALLER_PULL_POLICY": "IfNotPresent",
        "WASMWRIGHT_IMAGE_PULL_SECRETS": "",
        "WASMWRIGHT_KWASM_RUNTIMES": "",
        "WASMWRIGHT_TAKE_OVER": "",
        "WASMWRIGHT_DECLARE_AHEAD": "Known",
        "WASMWRIGHT_MAX_PARALLEL": "0",
        "WASMWRIGHT_PAUSED": "false",
        "WASMWRIGHT_ALLOWED_SOURCES": "",
        "WASMWRIGHT_REQUIRE_SIGNATURES": "",
        "WASMWRIGHT_ALLOW_UNVERIFIED": "true",
        "WASMWRIGHT_ALLOW_OPTIONS": "true",
        "WASMWRIGHT_KEEP_VERSIONS": "1",
        "WASMWRIGHT_JOB_TEMPLATE": "",
        "WASMWRIGHT_JOB_TTL_SECONDS": "600",
        "WASMWRIGHT_JOB_DEADLINE_SECONDS": "900",
        "WASMWRIGHT_LOG_LEVEL": "INFO",
        "WASMWRIGHT_LOG_FORMAT": "json",
        "WASMWRIGHT_API_RATE": "20",
        "WASMWRIGHT_API_BURST": "40",
        "WASMWRIGHT_HEALTH_PORT": "8080",
    }
    (namespace,) = [e for e in release.operator["env"] if e["name"] == "WASMWRIGHT_NAMESPACE"]
    assert namespace["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.namespace"}}


def test_environment__is_what_the_operator_reads() -> None:
    values = {
        "compat": {
            "kwasm": {"runtimes": ["spin", "crun"], "takeOver": True},
            "rcm": {"takeOver": True},
        },
        "imagePullSecrets": ["one", "two"],
        "node": {"declareAhead": "None", "keepVersions": 3},
        "rollout": {"maxParallel": 25, "paused": True},
        "policy": {
            "allowedSources": ["https://a.example.com/", "file:///usr/bin/"],
            "requireSignatures": ["https://", "oci://"],
            "allowUnverified": False,
            "allowOptions": False,
        },
        "operator": {"logFormat": "text"},
    }

    environment = render(values).environment | {"WASMWRIGHT_NAMESPACE": "here"}
    settings = load_settings(environment)

    assert settings.jobs.namespace == "here"
    assert settings.jobs.image == f"wasmwright/installer:{VERSION}"
    assert settings.jobs.pull_secrets == ("one", "two")
    assert (settings.jobs.ttl_seconds, settings.jobs.deadline_seconds) == (600, 900)
    assert settings.fleet.paused
    assert settings.fleet.kwasm_runtimes == ("spin", "crun")
    assert settings.fleet.take_over == ("kwasm", "rcm")
    assert (settings.fleet.declare_ahead, settings.fleet.keep_versions) == ("None", 3)
    assert settings.fleet.max_parallel == 25
    assert settings.fleet.sources == SourcePolicy(
        allowed=("https://a.example.com/", "file:///usr/bin/"),
        signed=("https://", "oci://"),
        allow_unverified=False,
        allow_options=False,
    )
    assert (settings.log_level, settings.log_format) == ("INFO", "text")
    assert (settings.api_rate, settings.api_burst) == (20, 40)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({"repository": "r.example/op"}, f"r.example/op:{VERSION}"),
        ({"repository": "r.example/op", "tag": "v1"}, "r.example/op:v1"),
        (
            {"repository": "r.example/op", "tag": "v1", "digest": "sha256:" + "c" * 64},
            "r.example/op@sha256:" + "c" * 64,
        ),
    ],
    ids=["chart's version", "tag", "digest wins"],
)
def test_image__is_named_by_the_most_exact_of_its_values(
    image: dict[str, str], expected: str
) -> None:
    assert render({"operator": {"image": image}}).operator["image"] == expected


def test_image_pull_secrets__are_given_to_every_pod() -> None:
    release = render({"imagePullSecrets": ["one", "two"]})

    pods = [o["spec"]["template"]["spec"] for o in (*release.of("Deployment"), *release.of("Job"))]
    assert len(pods) == 4
    assert all(pod["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}] for pod in pods)


def test_job_template__is_mounted_where_the_environment_says__unaltered() -> None:
    template = "kind: Job\nmetadata: {name: '{{ name }}'}\n{% if x %}\n  a: 1\n{% endif %}\n"

    release = render({"job": {"template": template}})

    config = release.find("ConfigMap", "wasmwright-job-template")
    assert config["data"]["job.yaml.j2"] == template
    assert release.environment["WASMWRIGHT_JOB_TEMPLATE"] == "/etc/wasmwright/job.yaml.j2"
    mounts = {m["name"]: m["mountPath"] for m in release.operator["volumeMounts"]}
    assert mounts["job-template"] == "/etc/wasmwright"


def test_job_template__changed__starts_the_operator_anew() -> None:
    first, second = (
        render({"job": {"template": text}}).find("Deployment")["spec"]["template"]["metadata"]
        for text in ("a: 1", "a: 2")
    )

    assert first["annotations"] != second["annotations"]
