import json
from pathlib import Path
from typing import Any

from perf.fleet import audit
from perf.fleet.audit import AuditLog
from perf.fleet.census import Census


def event(stage: str, verb: str, resource: str, code: int = 200, **target: str) -> str:
    found = {
        "stage": stage,
        "verb": verb,
        "requestURI": f"/api/v1/{resource}",
        "objectRef": {"resource": resource, **target},
        "responseStatus": {"code": code},
    }
    return json.dumps(found) + "\n"


def raw(uid: str, **status: Any) -> dict[str, Any]:
    return {"metadata": {"uid": uid}, "status": status}


def ended(kind: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": "True"}]}


def test_audit_log__since_a_mark__counts_each_request_once_and_a_watch_when_it_begins(
    tmp_path: Path,
) -> None:
    log = AuditLog(tmp_path / "audit.log")
    assert log.since(log.mark()) == ()
    log.path.write_text(event("ResponseComplete", "create", "jobs", 201))
    mark = log.mark()
    with log.path.open("a") as file:
        file.write(event("ResponseComplete", "patch", "wasmnodes", 409, subresource="status"))
        file.write(event("ResponseStarted", "watch", "nodes"))
        file.write(event("ResponseComplete", "watch", "nodes"))
        file.write(event("ResponseComplete", "list", "pods"))
        file.write(event("ResponseComplete", "update", "leases"))
        file.write('{"stage": "half a line')

    requests = log.since(mark)

    assert audit.table(requests) == [
        {"verb": "patch", "resource": "wasmnodes/status", "code": 409, "requests": 1},
        {"verb": "watch", "resource": "nodes", "code": 200, "requests": 1},
        {"verb": "list", "resource": "pods", "code": 200, "requests": 1},
    ]
    assert log.lease_requests(mark) == 1
    assert [request.resource for request in audit.writes(requests)] == ["wasmnodes/status"]


def test_census__jobs_that_overlap__tells_how_many_at_most() -> None:
    jobs = Census()
    for kind, job in [
        ("ADDED", raw("a")),
        ("ADDED", raw("b", active=1)),
        ("MODIFIED", raw("a", **ended("Complete"))),
        ("ADDED", raw("c")),
        ("MODIFIED", raw("b", **ended("Failed"))),
        ("DELETED", raw("a", **ended("Complete"))),
        ("DELETED", raw("c")),
    ]:
        jobs.take_job(kind, job)

    assert (jobs.most, jobs.ended, len(jobs.seen)) == (2, 3, 3)


def test_census__job_whose_end_was_not_confirmed__is_still_there() -> None:
    jobs = Census()
    conditions = [{"type": "Complete", "status": "False"}, {"type": "Suspended", "status": "True"}]
    jobs.take_job("ADDED", raw("a", conditions=conditions))

    assert jobs.present == {"a"}


def test_census__object_that_leaves_the_selector__is_not_there_any_more() -> None:
    nodes = Census()
    nodes.take("ADDED", raw("a"))
    before = nodes.changed
    nodes.take("MODIFIED", raw("a"))
    assert nodes.changed == before, "only who comes and goes is news"
    nodes.take("DELETED", raw("a"))

    assert (nodes.present, nodes.most) == (set(), 1)
    assert nodes.changed > before
