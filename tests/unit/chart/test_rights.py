from itertools import product

from unit.chart.rendering import NAMESPACE, Object, Rendered, render
from wasmwright_operator import names

OURS = {"jobs", "pods", "leases", "controllerrevisions", "configmaps"}


def rights(role: Object) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group, resource, verb in product(rule["apiGroups"], rule["resources"], rule["verbs"])
    }


def all_roles(release: Rendered) -> list[Object]:
    return release.of("ClusterRole") + release.of("Role")


def test_rights__none_is_a_wildcard() -> None:
    for role in all_roles(render()):
        assert "*" not in {part for right in rights(role) for part in right}


def test_rights__secrets_and_exec_and_namespaces__are_not_asked_for() -> None:
    asked = {resource for role in all_roles(render()) for _, resource, _ in rights(role)}

    assert asked == {
        "nodes",
        "wasmruntimes",
        "wasmruntimes/status",
        "wasmruntimes/finalizers",
        "wasmnodes",
        "wasmnodes/status",
        "wasmnodes/finalizers",
        "runtimeclasses",
        "events",
        "jobs",
        "controllerrevisions",
        "pods",
        "leases",
        "configmaps",
    }


def test_rights__jobs_pods_and_revisions__are_had_in_our_own_namespace_only() -> None:
    release = render()

    role = release.find("Role")
    assert role["metadata"]["namespace"] == NAMESPACE
    assert {resource for _, resource, _ in rights(role)} == {*OURS, "events"}
    assert ("", "events", "list") in rights(role), "what was told about the pods of smoke tests"
    everywhere = {r for cluster in release.of("ClusterRole") for _, r, _ in rights(cluster)}
    assert everywhere & OURS == set()


def test_rights__on_config_maps__are_to_read_and_change_the_ledger_alone() -> None:
    (maps,) = [
        rule
        for rule in render().find("Role")["rules"]
        if rule["resources"] == ["configmaps"] and rule["verbs"] != ["create"]
    ]

    assert maps["resourceNames"] == [names.LEDGER]
    assert maps["verbs"] == ["get", "patch"]


def test_rights__to_send_pods_away__are_had_by_those_who_ask_for_them_and_no_more() -> None:
    without, given = (
        rights(render(values).find("ClusterRole")) for values in ({}, {"rbac": {"evictPods": True}})
    )

    assert given - without == {("", "pods", "list"), ("", "pods/eviction", "create")}


def test_rights__on_nodes__are_to_read_and_to_label() -> None:
    verbs = {v for _, r, v in rights(render().find("ClusterRole")) if r == "nodes"}

    assert verbs == {"get", "list", "watch", "patch"}


def test_rights__to_create_and_delete_runtimes__belong_to_the_hook_alone__while_it_runs() -> None:
    release = render()

    of_operator = {v for _, r, v in rights(release.find("ClusterRole")) if r == "wasmruntimes"}
    hook = release.find("ClusterRole", "wasmwright-runtimes")
    assert of_operator & {"create", "delete"} == set()
    assert {r for _, r, _ in rights(hook)} == {"wasmruntimes", "wasmnodes"}
    assert {v for _, r, v in rights(hook) if r == "wasmnodes"} == {"list", "delete"}
    assert "hook-succeeded" in hook["metadata"]["annotations"]["helm.sh/hook-delete-policy"]


def test_bindings__lead_from_our_accounts_to_roles_that_exist() -> None:
    release = render()
    roles = {(role["kind"], role["metadata"]["name"]) for role in all_roles(release)}
    accounts = {account["metadata"]["name"] for account in release.of("ServiceAccount")}

    for binding in release.of("ClusterRoleBinding") + release.of("RoleBinding"):
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) in roles
        (subject,) = binding["subjects"]
        assert subject["name"] in accounts
        assert subject["namespace"] == NAMESPACE
