"""The commands.

Each imports what it needs when it runs, so that `apply`, which a node waits for, pays for neither
HTTP nor tables.
"""

from pathlib import Path

import click
from pydantic import BaseModel

from wasmwright_installer.cli.conclude import conclude, present, read_document
from wasmwright_installer.cli.options import (
    DOCUMENT,
    HOST_ROOT,
    LOCK_WAIT,
    OUTPUT,
    RESTART_TIMEOUT,
    RETRY,
    SETTLE_TIMEOUT,
    TERMINATION_LOG,
)
from wasmwright_installer.contract import MANIFEST, ApplyResult, ExitCode, NodeDocument


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wasmwright")
def main() -> None:
    """Give this node WebAssembly runtimes, and take them away without a trace."""


@main.command()
@DOCUMENT
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
@TERMINATION_LOG
@OUTPUT
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

    conclude(lambda: read_document(document), run, termination_log, output)


@main.command()
@click.option("--into", required=True, type=click.Path(path_type=Path, file_okay=False))
@TERMINATION_LOG
@OUTPUT
def copier(into: Path, termination_log: Path | None, output: str) -> None:
    """Lay out a program that copies files, for containers of images that have none."""

    def run(_: NodeDocument) -> ApplyResult:
        from wasmwright_installer.fetch.copier import lay_out  # noqa: PLC0415  # HTTP

        lay_out(into)
        return ApplyResult(exit_code=ExitCode.DONE, reason="LaidOut", message=f"it is in {into}")

    conclude(NodeDocument, run, termination_log, output)


@main.command()
@DOCUMENT
@click.option(
    "--artifacts",
    type=click.Path(path_type=Path, file_okay=False),
    help="The directory that fetch filled.",
)
@HOST_ROOT
@RETRY
@LOCK_WAIT
@RESTART_TIMEOUT
@SETTLE_TIMEOUT
@TERMINATION_LOG
@OUTPUT
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
    conclude(
        lambda: read_document(document),
        lambda wanted: _apply(wanted, artifacts, host_root, limits, retry=retry),
        termination_log,
        output,
    )


@main.command()
@HOST_ROOT
@RETRY
@LOCK_WAIT
@RESTART_TIMEOUT
@SETTLE_TIMEOUT
@TERMINATION_LOG
@OUTPUT
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
    conclude(
        NodeDocument,
        lambda wanted: _apply(wanted, None, host_root, limits, retry=retry),
        termination_log,
        output,
    )


@main.command()
@DOCUMENT
@HOST_ROOT
@RETRY
@OUTPUT
def plan(*, document: str, host_root: Path, retry: bool, output: str) -> None:
    """Show what apply would do with a document; change nothing. Ends with the code of apply."""
    present(lambda: _plan(host_root, read_document(document), retry=retry), output)


@main.command()
@HOST_ROOT
@OUTPUT
def status(host_root: Path, output: str) -> None:
    """Show the daemon of this host, what it serves, what of it is ours, and any drift."""
    present(lambda: _status(host_root), output)


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
