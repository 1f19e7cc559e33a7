import errno
import os
from pathlib import Path

import pytest

from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.write_errors import explained, refusal


@pytest.mark.parametrize(
    ("number", "reason", "match"),
    [
        (errno.ENOSPC, "DiskFull", "has [0-9]+ bytes and [0-9]+ inodes left; free some space"),
        (errno.EDQUOT, "DiskQuotaExceeded", "raise it"),
        (errno.EROFS, "ReadOnlyHost", "mounted read-only; mount it writable"),
        (errno.EBUSY, "MountedFile", "/etc/a is mounted by itself"),
        (errno.EACCES, "HostNotWritable", "Permission denied; .*SELinux"),
        (errno.EPERM, "HostNotWritable", "Operation not permitted; .*SELinux"),
        (errno.EIO, "HostNotWritable", "Input/output error"),
    ],
)
def test_explained__error_of_the_kernel__has_its_word_and_its_way_out(
    tmp_path: Path, number: int, reason: str, match: str
) -> None:
    place = tmp_path / "etc/a"
    place.parent.mkdir()
    place.touch()
    with (
        pytest.raises(RefusedError, match=f"^/etc/a cannot be written.*{match}") as caught,
        explained(tmp_path, "/etc/a", place),
    ):
        raise OSError(number, os.strerror(number))
    assert caught.value.reason == reason


def test_refusal__place_does_not_exist_yet__looks_at_what_is_above(tmp_path: Path) -> None:
    error = refusal(tmp_path, "/a/b/c", tmp_path / "a/b/c", OSError(errno.ENOSPC, "full"))
    assert error.reason == "DiskFull"
