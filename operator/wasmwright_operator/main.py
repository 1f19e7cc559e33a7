"""The command `wasmwright-operator`."""

import asyncio
import os
import sys
from typing import Final

import click

from wasmwright_operator import logs
from wasmwright_operator.app import App
from wasmwright_operator.election import LeadershipLostError
from wasmwright_operator.kube.errors import ApiError
from wasmwright_operator.kube.login import LoginError
from wasmwright_operator.manifests import JobTemplate, JobTemplateError, built_in_template
from wasmwright_operator.settings import Settings, SettingsError, load_settings
from wasmwright_operator.watch import MissingResourceError, RestoredError

_ENDS: Final = (
    LoginError,
    MissingResourceError,
    RestoredError,
    ApiError,
    LeadershipLostError,
)
"""What ends a process for a reason that needs no traceback."""


@click.group()
def main() -> None:
    """Give the nodes of a cluster the WebAssembly runtimes that they ask for."""


@main.command()
def run() -> None:
    """Run the operator; its settings come from variables named WASMWRIGHT_..."""
    try:
        settings = load_settings(os.environ)
        template = _template(settings)
    except SettingsError as error:
        _fail(*error.args)
    except JobTemplateError as error:
        _fail(str(error))
    logs.configure(settings.log_level, settings.log_format)
    try:
        asyncio.run(App(settings, template).run())
    except _ENDS as error:
        _fail(str(error))


def _template(settings: Settings) -> JobTemplate:
    path = settings.job_template
    if path is None:
        return JobTemplate(built_in_template(), settings.jobs)
    return JobTemplate(path.read_text(encoding="utf-8"), settings.jobs, source=str(path))


def _fail(*sentences: str) -> None:
    for sentence in sentences:
        click.echo(f"wasmwright-operator: {sentence}", err=True)
    sys.exit(1)
