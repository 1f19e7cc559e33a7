"""Registries that are called otherwise than the host that serves them."""

_SERVING = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


def served_by(name: str) -> str:
    """Return `registry/repository`, or any beginning of it, with the host that serves it."""
    host, slash, rest = name.partition("/")
    return f"{_SERVING.get(host, host)}{slash}{rest}"
