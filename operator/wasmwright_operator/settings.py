"""What the environment tells us, checked at the start: one sentence per wrong value."""

import re
import socket
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from wasmwright_installer.contract import PredecessorName
from wasmwright_operator.fleet import DeclareAhead
from wasmwright_operator.fleet.slots import LARGEST
from wasmwright_operator.fleet.snapshot import FleetPolicy
from wasmwright_operator.fleet.source_policy import SourcePolicy
from wasmwright_operator.manifests import JobPolicy

T = TypeVar("T")

_PREFIX: Final = "WASMWRIGHT_"
_DNS_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
_SWITCH: Final = ("true", "false")
_SOURCE: Final = re.compile(r"(https?|oci)://[^\s,]*|file:///[^\s,]*")
_LAST_PORT: Final = 65535


class SettingsError(ValueError):
    """The environment cannot be used; each argument is a sentence about one variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the operator."""

    jobs: JobPolicy
    fleet: FleetPolicy
    job_template: Path | None
    """None = the built-in one."""
    log_level: str
    log_format: str
    health_port: int
    identity: str
    """Tells this process from all others; of a pod's two processes the earlier one is dead."""
    api_rate: float
    """API requests per second in the long run."""
    api_burst: int
    """API requests at once after a quiet time."""


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError that tells of all wrong values at once."""
    reader = _Reader(environ)
    namespace = reader.read("NAMESPACE", _namespace)
    settings = Settings(
        jobs=JobPolicy(
            namespace=namespace,
            image=reader.read("INSTALLER_IMAGE", _image),
            pull_policy=reader.read(
                "INSTALLER_PULL_POLICY", _one_of(_PULL_POLICIES), "IfNotPresent"
            ),
            pull_secrets=reader.read("IMAGE_PULL_SECRETS", _list, ""),
            ttl_seconds=reader.read("JOB_TTL_SECONDS", _whole_number(0), "600"),
            deadline_seconds=reader.read("JOB_DEADLINE_SECONDS", _whole_number(30), "600"),
        ),
        fleet=FleetPolicy(
            kwasm_runtimes=reader.read("KWASM_RUNTIMES", _list, ""),
            take_over=reader.read("TAKE_OVER", _predecessors, ""),
            declare_ahead=DeclareAhead(
                reader.read("DECLARE_AHEAD", _one_of(tuple(DeclareAhead)), DeclareAhead.KNOWN)
            ),
            keep_versions=reader.read("KEEP_VERSIONS", _whole_number(0), "1"),
            max_parallel=reader.read("MAX_PARALLEL", _whole_number(0, LARGEST), "0"),
            paused=reader.read("PAUSED", _one_of(_SWITCH), "false") == "true",
            sources=SourcePolicy(
                allowed=reader.read("ALLOWED_SOURCES", _sources, ""),
                signed=reader.read("REQUIRE_SIGNATURES", _sources, ""),
                allow_unverified=reader.read("ALLOW_UNVERIFIED", _one_of(_SWITCH), "true")
                == "true",
                allow_options=reader.read("ALLOW_OPTIONS", _one_of(_SWITCH), "true") == "true",
            ),
        ),
        job_template=reader.read("JOB_TEMPLATE", _file, ""),
        log_level=reader.read("LOG_LEVEL", _one_of(_LOG_LEVELS), "INFO"),
        log_format=reader.read("LOG_FORMAT", _one_of(("json", "text")), "json"),
        health_port=reader.read("HEALTH_PORT", _whole_number(0, _LAST_PORT), "8080"),
        identity=reader.read("POD_NAME", str, f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"),
        api_rate=float(reader.read("API_RATE", _whole_number(1), "20")),
        api_burst=reader.read("API_BURST", _whole_number(1), "40"),
    )
    if reader.problems:
        raise SettingsError(*reader.problems)
    return settings


class _Reader:
    """Reads one variable after the other and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def read(self, name: str, parse: Callable[[str], T], default: str | None = None) -> T:
        """Return the parsed value, or that of the default; an empty variable counts as unset."""
        text = self._environ.get(f"{_PREFIX}{name}", "").strip()
        if not text and default is None:
            self.problems.append(f"{_PREFIX}{name} is not set; {_WHY[name]}")
            return parse(_WHY_EXAMPLES[name])
        try:
            return parse(text or default or "")
        except ValueError as error:
            self.problems.append(f"{_PREFIX}{name} is {text!r}; it must be {error}")
            return parse(default if default is not None else _WHY_EXAMPLES[name])


_WHY: Final = {
    "NAMESPACE": "it must name the namespace in which the operator runs and creates its Jobs",
    "INSTALLER_IMAGE": "it must name the image that the Jobs run on the nodes",
}
_WHY_EXAMPLES: Final = {"NAMESPACE": "wasmwright-system", "INSTALLER_IMAGE": "wasmwright/installer"}
"""Stand in for a wrong value so that the other variables can still be read and told about."""


def _namespace(text: str) -> str:
    if not _DNS_LABEL.fullmatch(text):
        raise ValueError("the name of a namespace: lower-case letters, digits and hyphens")
    return text


def _image(text: str) -> str:
    if any(letter.isspace() for letter in text):
        raise ValueError("the reference of an image, without spaces")
    return text


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.strip() for item in text.split(",") if item.strip()))


def _sources(text: str) -> tuple[str, ...]:
    found = _list(text)
    if not all(_SOURCE.fullmatch(item) for item in found):
        raise ValueError(
            "beginnings of addresses: https://..., http://..., oci://... or file:///..."
        )
    return found


def _predecessors(text: str) -> tuple[PredecessorName, ...]:
    try:
        return tuple(map(PredecessorName, _list(text)))
    except ValueError as error:
        known = " and ".join(PredecessorName)
        raise ValueError(f"one or more of {known}, separated by commas") from error


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return parse


def _whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    upper = "" if most is None else f" and at most {most}"

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            raise ValueError(f"a whole number of at least {least}{upper}")
        return int(text)

    return parse


def _file(text: str) -> Path | None:
    if text and not Path(text).is_file():
        raise ValueError("the path of a file that can be read")
    return Path(text) if text else None
