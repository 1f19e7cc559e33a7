"""Plans for a configuration without a host around it."""

from typing import Any

from wasmwright_installer.config.base import base_of
from wasmwright_installer.config.files import FilePlan, Present
from wasmwright_installer.layouts.containerd1 import CONTAINERD_1
from wasmwright_installer.layouts.containerd2 import CONTAINERD_2
from wasmwright_installer.layouts.layout import Task, plan_files


def plan_for(
    now: Present, handlers: dict[str, Any], defaults: dict[str, Any], schema: int = 4
) -> FilePlan:
    task = Task(now, base_of(now), handlers, defaults, schema)
    return plan_files(CONTAINERD_1 if now.major == 1 else CONTAINERD_2, task)
