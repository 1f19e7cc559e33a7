"""Command line: `wasmwright-installer fetch | plan | apply | status | remove`.

Each command imports what it needs when it runs, so that `apply`, which a node waits for, pays for
neither HTTP nor tables.
"""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import click
from pydantic import BaseModel, ValidationError

from wasmwright_installer import report
from wasmwright_installer.contract import MANIFEST, ApplyResult, ExitCode, NodeDocument
from wasmwright_installer.errors import BadDocumentError, InstallerError

_HOST_ROOT = click.option(
    "--host-root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default="/",
    show_default=True,
    help="Where the host's / is found.",
)
_DOCUMENT = click.option(
    "--document", required=True, metavar="FILE", help="The node's document (JSON); - is stdin."
)
_OUTPUT = click.option(
    "--output", type=click.Choice(["json", "text"]), default="json", show_default=True
)
_TERMINATION_LOG = click.option(
    "--termination-log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the result goes besides stdout; by default the kubelet's file, if there is one.",
)
_LOCK_WAIT = click.option(
    "--lock-wait",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Seconds to wait for another run on this host.",
)
_RESTART_TIMEOUT = click.option(
    "--restart-timeout",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Seconds until a restart of the container runtime counts as failed.",
)
_SETTLE_TIMEOUT = click.option(
    "--settle-timeout",
    type=click.FloatRange(min=1),
    default=30.0,
    show_default=True,
    help="Seconds after a restart until the container runtime must serve as before.",
)
_RETRY = click.option("--retry", is_flag=True, help="Try again a change that had to be undone.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wasmwright")
def main() -> None:
    """Give this node WebAssembly runtimes, and take them away without a trace."""


@main.command()
@_DOCUMENT
@click.option("--into", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--max-size",
    type=click.IntRange(min=1),
    default=1 << 30,
    show_default=True,
    help="Bytes that an artifact may have.",
)
@click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the files lie that sources name: credentials, certificates.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where what was taken out of images lies, as KEY/file.",
)
@_TERMINATION_LOG
@_OUTPUT
def fetch(  # one parameter for each option
    *,
    document: str,
    into: Path,
    max_size: int,
    files: Path | None,
    images: Path | None,
    termination_log: Path | None,
    output: str,
) -> None:
    """Download, check and unpack the binaries of a document. Needs no privileges."""

    def run(wanted: NodeDocument) -> ApplyResult:
        from wasmwright_installer.fetch import (  # noqa: PLC0415  # HTTP
            Fetching,
            FetchLimits,
            HandedFiles,
            fetch,
        )

        fetching = Fetching(into, FetchLimits(size=max_size), HandedFiles(files), images)
        manifest = fetch(wanted, fetching)
        message = f"{len(manifest.artifacts)} artifacts are in {into / MANIFEST}"
        return ApplyResult(
            exit_code=ExitCode.DONE, reason="Fetched", message=message, hash=wanted.hash
        )

    _conclude(lambda: _read(document), run, termination_log, output)


@main.command()
@click.option("--into", required=True, type=click.Path(path_type=Path, file_okay=False))
@_TERMINATION_LOG
@_OUTPUT
def copier(into: Path, termination_log: Path | None, output: str) -> None:
    """Lay out a program that copies files, for containers of images that have none."""

    def run(_: NodeDocument) -> ApplyResult:
        from wasmwright_installer.fetch.copier import lay_out  # noqa: PLC0415  # HTTP

        lay_out(into)
        return ApplyResult(exit_code=ExitCode.DONE, reason="LaidOut", message=f"it is in {into}")

    _conclude(NodeDocument, run, termination_log, output)


@main.command()
@_DOCUMENT
@click.option(
    "--artifacts",
    type=click.Path(path_type=Path, file_okay=False),
    help="The directory that fetch filled.",
)
@_HOST_ROOT
@_RETRY
@_LOCK_WAIT
@_RESTART_TIMEOUT
@_SETTLE_TIMEOUT
@_TERMINATION_LOG
@_OUTPUT
def apply(  # noqa: PLR0913  # one parameter for each option
    *,
    document: str,
    artifacts: Path | None,
    host_root: Path,
    retry: bool,
    lock_wait: float,
    restart_timeout: float,
    settle_timeout: float,
    termination_log: Path | None,
    output: str,
) -> None:
    """Make this host have exactly what the document says."""
    limits = {"lock": lock_wait, "restart": restart_timeout, "settle": settle_timeout}
    _conclude(
        lambda: _read(document),
        lambda wanted: _apply(wanted, artifacts, host_root, limits, retry=retry),
        termination_log,
        output,
    )


@main.command()
@_HOST_ROOT
@_RETRY
@_LOCK_WAIT
@_RESTART_TIMEOUT
@_SETTLE_TIMEOUT
@_TERMINATION_LOG
@_OUTPUT
def remove(
    *,
    host_root: Path,
    retry: bool,
    lock_wait: float,
    restart_timeout: float,
    settle_timeout: float,
    termination_log: Path | None,
    output: str,
) -> None:
    """Give this host back as it was found: `apply` of an empty document."""
    limits = {"lock": lock_wait, "restart": restart_timeout, "settle": settle_timeout}
    _conclude(
        NodeDocument,
        lambda wanted: _apply(wanted, None, host_root, limits, retry=retry),
        termination_log,
        output,
    )


@main.command()
@_DOCUMENT
@_HOST_ROOT
@_RETRY
@_OUTPUT
def plan(*, document: str, host_root: Path, retry: bool, output: str) -> None:
    """Show what apply would do with a document; change nothing. Ends with the code of apply."""
    _show(lambda: _plan(host_root, _read(document), retry=retry), output)


@main.command()
@_HOST_ROOT
@_OUTPUT
def status(host_root: Path, output: str) -> None:
    """Show the daemon of this host, what it serves, what of it is ours, and any drift."""
    _show(lambda: _status(host_root), output)


def _apply(
    document: NodeDocument,
    artifacts: Path | None,
    host_root: Path,
    limits: dict[str, float],
    *,
    retry: bool,
) -> ApplyResult:
    from wasmwright_installer.apply.host import Limits, real_host  # noqa: PLC0415  # gRPC
    from wasmwright_installer.apply.run import apply  # noqa: PLC0415  # gRPC

    return apply(real_host(host_root, Limits(**limits)), document, artifacts, retry=retry)


def _plan(host_root: Path, document: NodeDocument, *, retry: bool) -> tuple[BaseModel, ExitCode]:
    from wasmwright_installer.apply.explain import explain_plan  # noqa: PLC0415  # gRPC
    from wasmwright_installer.apply.host import Limits, real_host  # noqa: PLC0415  # gRPC

    report = explain_plan(real_host(host_root, Limits()), document, retry=retry)
    return report, report.exit_code


def _status(host_root: Path) -> tuple[BaseModel, ExitCode]:
    from wasmwright_installer.apply.explain import explain_status  # noqa: PLC0415  # gRPC
    from wasmwright_installer.apply.host import Limits, real_host  # noqa: PLC0415  # gRPC

    return explain_status(real_host(host_root, Limits())), ExitCode.DONE


def _read(source: str) -> NodeDocument:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
        return NodeDocument.model_validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise BadDocumentError(
            f"the document {source} cannot be read: {error}", reason="Unreadable"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BadDocumentError(f"{where} in {source}: {first['msg']}", reason="Invalid") from error


def _conclude(
    read: Callable[[], NodeDocument],
    run: Callable[[NodeDocument], ApplyResult],
    termination_log: Path | None,
    output: str,
) -> None:
    """Run, tell the result in both places, and exit by it."""
    document_hash = ""
    try:
        document = read()
        document_hash = document.hash
        result = run(document)
    except InstallerError as error:
        result = report.failure(error, document_hash)
    except Exception as error:  # noqa: BLE001  # the one place where a defect becomes a result
        traceback.print_exc()
        result = report.bug(error, document_hash)
    report.write_termination_log(result, termination_log)
    _print(result, output)
    sys.exit(int(result.exit_code))


def _show(look: Callable[[], tuple[BaseModel, ExitCode]], output: str) -> None:
    try:
        shown, code = look()
    except InstallerError as error:
        shown, code = report.failure(error), error.exit_code
    _print(shown, output)
    sys.exit(int(code))


def _print(model: BaseModel, output: str) -> None:
    if output == "json":
        click.echo(model.model_dump_json())
        return
    from wasmwright_installer.screen import show  # noqa: PLC0415  # rich

    show(model)
