import pytest

from localcluster import apt

TARGETS = """\
Debian-Security|main|http://mirror.example/debian-security/
Debian|contrib|http://mirror.example/debian/
Debian|main|http://mirror.example/debian/
Debian|main|http://other.example/debian/
"""


def test_parse_mirror__several_archives__is_the_first_main_one_of_debian_proper() -> None:
    assert apt.parse_mirror(TARGETS) == "http://mirror.example/debian/"


@pytest.mark.parametrize("listing", ["", "Ubuntu|main|http://mirror.example/ubuntu/\n"])
def test_parse_mirror__no_debian__is_none(listing: str) -> None:
    assert apt.parse_mirror(listing) is None


def test_missing_packages__nothing_on_the_path__is_each_package_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert apt.missing_packages() == ("debootstrap", "iproute2", "mount", "util-linux")


def test_install_missing__nothing_missing__runs_no_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "PROGRAMS", {"sh": "dash"})
    sentences: list[str] = []
    apt.install_missing(sentences.append)
    assert sentences == []
