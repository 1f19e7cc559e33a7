from collections.abc import Iterator

import pytest

from localcluster import ClusterSpec, lifecycle


@pytest.fixture
def spec(request: pytest.FixtureRequest) -> Iterator[ClusterSpec]:
    """A cluster of a test's own that is gone when the test is over, however it ends."""
    name = request.node.originalname.split("__")[1].replace("_", "-")[:20].strip("-")
    wanted = ClusterSpec(name=f"own-{name}", nodes=("containerd-1.7", "containerd-2.4"))
    lifecycle.down(wanted.name)
    try:
        yield wanted
    finally:
        lifecycle.down(wanted.name)
