import pytest

from wasmwright_installer.detect.mounts import mount_of, parse_mounts

MOUNTINFO = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:5 / /opt rw,nosuid,noexec - xfs /dev/vdb rw
24 22 0:6 / /mnt/my\\040disk ro,noexec shared:2 master:1 - ext4 /dev/vdc ro
25 23 0:7 /sub /opt rw - tmpfs tmpfs rw
not a line
"""


@pytest.mark.parametrize(
    ("path", "point", "kind", "is_noexec"),
    [
        ("/usr/bin/crun", "/", "ext4", False),
        ("/optional/a", "/", "ext4", False),
        ("/opt/wasmwright", "/opt", "tmpfs", False),
        ("/mnt/my disk/a", "/mnt/my disk", "ext4", True),
        ("/", "/", "ext4", False),
    ],
    ids=["root", "name begins alike", "the latest of two", "escaped", "the root itself"],
)
def test_mount_of__path__is_the_innermost_and_latest(
    path: str, point: str, kind: str, *, is_noexec: bool
) -> None:
    mount = mount_of(path, parse_mounts(MOUNTINFO))
    assert mount is not None
    assert (mount.point, mount.kind, "noexec" in mount.options) == (point, kind, is_noexec)


def test_mount_of__nothing_is_known__is_none() -> None:
    assert mount_of("/opt", parse_mounts("")) is None
