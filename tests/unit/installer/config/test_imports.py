import pytest

from wasmwright_installer.config import imports
from wasmwright_installer.errors import RefusedError

MAIN = "/etc/containerd/config.toml"


def test_load_order__imports_of_imports__are_read_breadth_first_and_once() -> None:
    files = {
        MAIN: b'imports = ["a.toml", "/x/*.toml"]',
        "/etc/containerd/a.toml": b'imports = ["/deep.toml", "config.toml"]',
        "/x/1.toml": b"",
        "/x/2.toml": b"",
        "/deep.toml": b"",
    }
    expand = {"/x/*.toml": ["/x/1.toml", "/x/2.toml"]}.__getitem__

    def read(path: str) -> bytes | None:
        return files.get(path)

    order = list(imports.load_order(MAIN, read, expand))
    assert order == [MAIN, "/etc/containerd/a.toml", "/x/1.toml", "/x/2.toml", "/deep.toml"]


def test_load_order__main_file_is_missing__reads_nothing() -> None:
    assert imports.load_order(MAIN, lambda _: None, lambda _: []) == {}


def test_load_order__literal_import_is_missing__is_refused_with_both_names() -> None:
    files = {MAIN: b'imports = ["gone.toml"]'}
    with pytest.raises(RefusedError, match=f"{MAIN} imports /etc/containerd/gone.toml") as caught:
        imports.load_order(MAIN, files.get, lambda _: [])
    assert caught.value.reason == "DanglingImport"


@pytest.mark.parametrize("content", [b"version = ", b"\xff\xfe"], ids=["no TOML", "no UTF-8"])
def test_load_order__file_is_no_toml__is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(RefusedError, match=f"{MAIN} is no valid TOML") as caught:
        imports.load_order(MAIN, {MAIN: content}.get, lambda _: [])
    assert caught.value.reason == "ConfigUnreadable"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/a/*.toml", "/a/b.toml", True),
        ("/a/*.toml", "/a/b/c.toml", False),
        ("/a/wasmwright*.toml", "/a/wasmwright.toml", True),
        ("/a/b.toml", "/a/b.toml", True),
        ("/a/b.toml", "/a/c.toml", False),
    ],
)
def test_matches__pattern_and_path(pattern: str, path: str, *, expected: bool) -> None:
    assert imports.matches(pattern, path) is expected


@pytest.mark.parametrize(
    ("imported", "expected"),
    [
        ('["conf.d/*.toml"]', "/etc/containerd/conf.d/w.toml"),
        ('["/opt/*/x.toml"]', ""),
        ('["/opt/*/*.toml"]', ""),
        ('["/opt/kata*.toml"]', ""),
        ('["/opt/w.toml"]', ""),
        ("[]", ""),
    ],
)
def test_reaching_glob__only_a_glob_of_one_folder_that_matches(
    imported: str, expected: str
) -> None:
    assert imports.reaching_glob("w.toml", {MAIN: f"imports = {imported}".encode()}) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"version = 3\nroot = 'a'\n",
            b"version = 3\nimports = [\"/g*\"] # wasmwright\nroot = 'a'\n",
        ),
        (b"root = 'a'\nversion = 3", b"imports = [\"/g*\"] # wasmwright\nroot = 'a'\nversion = 3"),
        (b"version = 3\r\n", b'version = 3\r\nimports = ["/g*"] # wasmwright\r\n'),
        (b'imports = ["/a"] # a\n', b'imports = ["/g*", "/a"] # a\n'),
        (b"imports=[]\n", b'imports=["/g*"]\n'),
        (b"imports = [\n  '/a', # a\n]\n", b"imports = [\"/g*\", \n  '/a', # a\n]\n"),
        (b"'imports' = ['/a']\n", b"'imports' = [\"/g*\", '/a']\n"),
    ],
)
def test_join__and_leave__are_each_others_opposite(before: bytes, after: bytes) -> None:
    assert imports.join(MAIN, before, "/g*") == after
    assert imports.leave(MAIN, after, "/g*") == before


def test_leave__pattern_is_not_there__changes_nothing() -> None:
    assert imports.leave(MAIN, b'imports = ["/a"]\n', "/g*") == b'imports = ["/a"]\n'


def test_leave__pattern_was_rewritten_by_somebody__goes_and_theirs_stays() -> None:
    content = b"# saved\nimports = ['/g*', '/a']\nroot = '/r'\n"
    assert imports.leave(MAIN, content, "/g*") == b"# saved\nimports = [\"/a\"]\nroot = '/r'\n"


def test_join__imports_in_an_unusual_spelling__is_refused() -> None:
    with pytest.raises(RefusedError, match="add it by hand"):
        imports.join(MAIN, b'"\\u0069mports" = ["/a"]\n', "/g*")
