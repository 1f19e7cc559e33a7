"""What the notes of a switch mean."""

import pytest

from wasmwright_installer.rescue.verdict import Verdict, parse_verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("", Verdict()),
        ("journal j\nrestore /a\n", Verdict()),
        ("journal other\nactivate\n", Verdict()),
        ("journal j\nrestore /a\nactivate\nactive\n", Verdict(activated=True)),
        (
            "journal j\nforeign /a b\nunrestored /c\nactivate\nfreed 7\nfreed 8\nfailed failed\n",
            Verdict(activated=True, foreign=("/a b", "/c"), freed=2, failed="failed"),
        ),
        ("journal j\nactivate\nfre", Verdict(activated=True)),
    ],
    ids=["none", "before a restart", "of another change", "restarted", "all", "cut off"],
)
def test_parse_verdict__notes__say_what_was_done(text: str, verdict: Verdict) -> None:
    assert parse_verdict(text, "j") == verdict
