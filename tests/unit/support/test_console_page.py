import pytest

from support.console_page import Cue, Typed, steps

PAGE = """\
Text with `$ nothing to type`.

<!-- cue: two nodes ask -->
```console
$ kubectl get wrt
NAME   AGE
spin   3s

$ kubectl patch wrt spin --type merge \\
    -p '{"a":
    1}'
$ cat <<END
a: 1
END
a: 1
```

```yaml
$ not: typed
```
"""


def test_steps__of_a_page__are_cues_and_commands_in_order() -> None:
    assert list(steps(PAGE)) == [
        Cue("two nodes ask"),
        Typed("kubectl get wrt", ("NAME   AGE", "spin   3s")),
        Typed("kubectl patch wrt spin --type merge \\\n    -p '{\"a\":\n    1}'", ()),
        Typed("cat <<END\na: 1\nEND", ("a: 1",)),
    ]


@pytest.mark.parametrize(
    ("seen", "output"),
    [
        (("spin  3s",), "spin 2m11s\n"),
        (("at 2026-01-01T00:00:00Z",), "at 2026-11-21T10:00:00Z"),
        (("spin-0123456789  1",), "spin-abcdef0123   1"),
        (("...", "b"), "a\na\nb"),
        (("a", "..."), "a"),
        ((), "\n"),
    ],
)
def test_typed__answered_by_what_only_varies__is_content(
    seen: tuple[str, ...], output: str
) -> None:
    assert Typed("x", seen).is_answered_by(output)


@pytest.mark.parametrize(
    ("seen", "output"),
    [
        (("3 ready",), "4 ready"),
        (("a",), "a\nb"),
        (("a", "b"), "a"),
        ((), "a"),
        (("...", "b"), "a"),
    ],
)
def test_typed__answered_by_something_else__is_not(seen: tuple[str, ...], output: str) -> None:
    assert not Typed("x", seen).is_answered_by(output)
