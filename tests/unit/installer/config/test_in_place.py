import pytest

from unit.installer.mains import ANY_ORDER
from wasmwright_installer.config import in_place
from wasmwright_installer.config.tables import GRPC_TABLE
from wasmwright_installer.errors import RefusedError

MAIN = "/etc/containerd/config.toml"


def test_take_out__unmarked_from_a_file_that_cannot_be_edited__is_refused_with_the_names() -> None:
    ours = ANY_ORDER.replace("runtimes.kata]", "runtimes.light]").replace(
        "io.containerd.runc.v2", "/opt/wasmwright/bin/light/containerd-shim-light-v1"
    )
    with pytest.raises(RefusedError, match="handlers light cannot be taken out of"):
        in_place.take_out(MAIN, ours.encode(), GRPC_TABLE, frozenset({"light"}))
