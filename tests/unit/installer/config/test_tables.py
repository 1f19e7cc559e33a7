import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmwright_installer.config import tables
from wasmwright_installer.config.stage import staged
from wasmwright_installer.errors import RefusedError

values = st.one_of(
    st.booleans(), st.integers(-(2**31), 2**31), st.text(max_size=20), st.lists(st.text(max_size=5))
)


@given(
    name=st.text(min_size=1, max_size=10),
    body=st.dictionaries(st.text(max_size=8), values),
    options=st.dictionaries(st.text(max_size=8), values, min_size=1),
)
def test_render_handler__any_content__parses_to_itself(
    name: str, body: dict[str, object], options: dict[str, object]
) -> None:
    content = {**body, "options": options}
    text = "\n".join(tables.render_handler(tables.RUNTIME_TABLE, name, content))
    assert tables.all_runtimes(tomllib.loads(text)) == {name: content}


def test_render_handler__empty_options__are_left_out() -> None:
    lines = list(
        tables.render_handler(tables.RUNTIME_TABLE, "spin", {"runtime_type": "x", "options": {}})
    )
    assert lines == [
        '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.spin]',
        '  runtime_type = "x"',
    ]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("[plugins.x.containerd.runtimes.spin]", 2),
        ('  [plugins.x.containerd.runtimes."spin"]', 2),
        ("[plugins.x.containerd.runtimes.'spin'] # c", 2),
        ("[plugins.x.containerd.runtimes.spinning]", 0),
        ("[plugins.x.containerd.runtimes.spin.options]", 0),
    ],
)
def test_handler_line__header__is_found_by_its_whole_name(header: str, line: int) -> None:
    assert tables.handler_line(f"version = 2\n{header}\n", "spin") == line


@pytest.mark.parametrize("text", ["plugins = 1", "[plugins]\nx = 1", "[plugins.x]\ncontainerd = 1"])
def test_runtimes__tables_of_another_shape__declare_none(text: str) -> None:
    assert tables.runtimes(tomllib.loads(text), "x") is None


def test_parse__same_bytes_in_another_file__are_parsed_once() -> None:
    assert tables.parse("/a", b"version = 2\n") is tables.parse("/b", b"version = 2\n")


def test_staged__absolute_imports__lead_to_the_staged_files() -> None:
    tree = {
        "/etc/containerd/config.toml": b'# c\nimports = ["/a/*.toml", "b.toml"] # d\nroot = "/x"\n',
        "/a/1.toml": b"version = 2\n",
    }
    assert staged(tree, "/run/s") == {
        "/run/s/etc/containerd/config.toml": (
            b'# c\nimports = ["/run/s/a/*.toml", "b.toml"] # d\nroot = "/x"\n'
        ),
        "/run/s/a/1.toml": b"version = 2\n",
    }


def test_staged__imports_in_an_unusual_spelling__are_refused() -> None:
    tree = {"/etc/containerd/config.toml": b'"\\u0069mports" = ["/a"]\n'}
    with pytest.raises(RefusedError, match="write them as imports = "):
        staged(tree, "/run/s")
