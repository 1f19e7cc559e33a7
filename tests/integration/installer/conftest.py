"""The two daemons that the cluster has anyway."""

from pathlib import Path

import pytest

from localcluster import binaries, rootfs


@pytest.fixture(scope="session")
def old() -> Path:
    """Debian's containerd 1.7; it runs outside its root as well."""
    return rootfs.ensure(rootfs.NODE) / "usr/bin/containerd"


@pytest.fixture(scope="session")
def new() -> Path:
    """containerd 2.4."""
    return binaries.ensure("containerd")
