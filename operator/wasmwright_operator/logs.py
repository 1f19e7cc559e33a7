"""Logging: one JSON object per line, or text for people."""

import logging
from typing import Final

from pythonjsonlogger.json import JsonFormatter

_NOISY: Final = {
    "kopf.objects": logging.WARNING,
    "kopf": logging.WARNING,
    "aiohttp.access": logging.WARNING,
    "asyncio": logging.WARNING,
}
"""kopf's successes are not news; ours are told by the executor."""


def configure(level: str, form: str) -> None:
    """Set up the root logger. Called once, at the start of the process."""
    handler = logging.StreamHandler()
    if form == "json":
        handler.setFormatter(
            JsonFormatter(
                "%(asctime)s %(levelname)s %(name)s %(message)s",
                rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            )
        )
    else:
        handler.setFormatter(_TextFormatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(max(least, logging.getLogger().level))


_PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _TextFormatter(logging.Formatter):
    """Appends the extra fields of a record to its message."""

    def format(self, record: logging.LogRecord) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        extra = " ".join(
            f"{key}={value}" for key, value in vars(record).items() if key not in _PLAIN
        )
        return f"{super().format(record)} {extra}".rstrip()
