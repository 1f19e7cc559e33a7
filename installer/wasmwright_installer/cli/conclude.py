"""From a document to an exit code: what a command reads, and how it tells its end."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import click
from pydantic import BaseModel, ValidationError

from wasmwright_installer import report
from wasmwright_installer.contract import ApplyResult, ExitCode, NodeDocument
from wasmwright_installer.errors import BadDocumentError, InstallerError


def read_document(source: str) -> NodeDocument:
    """Return the document in a file, or in what comes from stdin ("-")."""
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


def conclude(
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


def present(look: Callable[[], tuple[BaseModel, ExitCode]], output: str) -> None:
    """Look, show what was found or why nothing was, and exit by it."""
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
