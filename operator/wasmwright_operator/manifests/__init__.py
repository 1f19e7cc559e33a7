"""Manifests of what the operator creates, rendered from templates. Pure."""

from wasmwright_operator.manifests.jobs import (
    JobPolicy,
    JobTemplate,
    JobTemplateError,
    built_in_template,
    job_name,
)
from wasmwright_operator.manifests.smoketests import render_smoke_test

__all__ = [
    "JobPolicy",
    "JobTemplate",
    "JobTemplateError",
    "built_in_template",
    "job_name",
    "render_smoke_test",
]
