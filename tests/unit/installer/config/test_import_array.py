import pytest

from unit.installer.mains import ANY_ORDER
from wasmwright_installer.config.import_array import with_imports

MAIN = "/etc/containerd/config.toml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("imports = ['/a'] # theirs\n", 'imports = ["/b"] # theirs\n'),
        ("imports=[]\nroot = '[/r]'\n", "imports=[\"/b\"]\nroot = '[/r]'\n"),
        ("  'imports' = [ # ] all\n  '/[a]',\n]\r\n", "  'imports' = [\"/b\"]\r\n"),
        (
            "note = '''\nimports = [1]\n'''\nimports = ['/a']",
            "note = '''\nimports = [1]\n'''\nimports = [\"/b\"]",
        ),
        (f"imports = ['/a']\n{ANY_ORDER}", f'imports = ["/b"]\n{ANY_ORDER}'),
    ],
)
def test_with_imports__any_array__is_replaced_and_nothing_else(before: str, after: str) -> None:
    assert with_imports(MAIN, before.encode(), ["/b"]) == after.encode()


@pytest.mark.parametrize("content", [b'"\\u0069mports" = ["/a"]\n', b"root = '/r'\n", b""])
def test_with_imports__no_array_that_is_known__is_none(content: bytes) -> None:
    assert with_imports(MAIN, content, ["/b"]) is None


def test_with_imports__quotes_and_letters_of_all_kinds__are_written_as_strings() -> None:
    odd = '/ü"\\\t.toml'
    edited = with_imports(MAIN, b"imports = ['/a']\n", [odd])
    assert edited == 'imports = ["/ü\\"\\\\\\t.toml"]\n'.encode()
