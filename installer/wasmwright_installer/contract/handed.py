"""Files that `fetch` is handed: credentials, certificates, keys."""

_HANDED_NAME = r"\.?[A-Za-z0-9_-][A-Za-z0-9._-]*"
HANDED_FILE_PATTERN = rf"^{_HANDED_NAME}(/{_HANDED_NAME})*$"
"""A path below the directory of files that `fetch` is handed: it cannot lead out of it."""
