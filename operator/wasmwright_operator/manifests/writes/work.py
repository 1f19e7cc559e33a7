"""The requests that end our own Jobs and pods; what begins them comes from templates."""

from wasmwright_operator.actions import DeleteJob, DeletePod
from wasmwright_operator.kube.port import JOBS, PODS
from wasmwright_operator.manifests.writes.write import Verb, Write


def delete_job(action: DeleteJob) -> Write:
    """Return the end of a Job, and of its pods with it."""
    return Write(Verb.DELETE, JOBS, action.name, uid=action.uid)


def delete_pod(action: DeletePod) -> Write:
    """Return the end of a pod."""
    return Write(Verb.DELETE, PODS, action.name, uid=action.uid)
