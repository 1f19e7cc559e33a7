"""Text in, text out: which files are written for which configuration, and that it all goes back."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.installer import planning
from unit.installer.generated_mains import main_files
from unit.installer.mains import RUNC, SCHEMA_2, G, R, schema_3
from wasmwright_installer.config import tables
from wasmwright_installer.config.base import base_of, refuse_unsupported
from wasmwright_installer.config.files import MADE, FilePlan, FileRecord, Present, sha256
from wasmwright_installer.config.imports import load_order
from wasmwright_installer.config.tables import GRPC_TABLE, RUNTIME_TABLE
from wasmwright_installer.errors import ConflictError, RefusedError, UnsupportedNodeError

MAIN = "/etc/containerd/config.toml"
DROP_IN = "/etc/containerd/conf.d/wasmwright.toml"
LIGHT = {"light": {"runtime_type": "/opt/wasmwright/bin/light/containerd-shim-light-v1"}}
CRUN = {
    "crun": {
        "runtime_type": "io.containerd.runc.v2",
        "pod_annotations": ["module.wasm.image/*", 'with "quotes" and \\'],
        "options": {"BinaryName": "/opt/wasmwright/bin/crun/crun", "SystemdCgroup": True},
    }
}
DEFAULTS = {"runc": {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": False}}}


def tree_of(files: dict[str, bytes], main: str = MAIN) -> dict[str, bytes]:
    def expand(pattern: str) -> list[str]:
        from wasmwright_installer.config.imports import matches

        return sorted(path for path in files if matches(pattern, path))

    return load_order(main, files.get, expand)


def present(
    files: dict[str, bytes],
    major: int,
    plan: FilePlan | None = None,
    names: frozenset[str] = frozenset(),
) -> Present:
    records = {
        change.path: FileRecord(change.path, sha256(change.after), change.original)
        for change in (plan.changes if plan else ())
        if change.after is not None
    }
    return Present(
        main=MAIN,
        tree=tree_of(files),
        major=major,
        records=records,
        names=plan.names if plan else names,
        drop_in=files.get(DROP_IN),
    )


def plan_for(now: Present, handlers: dict[str, Any], schema: int = 4) -> FilePlan:
    return planning.plan_for(now, handlers, DEFAULTS, schema)


def carried_out(files: dict[str, bytes], plan: FilePlan) -> dict[str, bytes]:
    after = dict(files)
    for change in plan.writes:
        assert after.get(change.path) == change.before
        if change.after is None:
            del after[change.path]
        else:
            after[change.path] = change.after
    return after


def declared(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for content in tree_of(files).values():
        found.update(tables.all_runtimes(tomllib.loads(content.decode())))
    return found


ONE_X = [
    pytest.param(1, {MAIN: text.encode()}, id=f"1.x {name}") for name, text in SCHEMA_2.items()
]
TWO_X = [
    pytest.param(2, {MAIN: content.encode()}, id=f"2.x {name}{suffix}")
    for name, text in SCHEMA_2.items()
    for suffix, content in (("", schema_3(text)), (" in the older table", text))
]
MISSING = [pytest.param(1, {}, id="1.x no file"), pytest.param(2, {}, id="2.x no file")]


@pytest.mark.parametrize(("major", "files"), [*ONE_X, *TWO_X, *MISSING])
def test_plan_files__any_main_file__declares_ours_and_keeps_the_rest(
    major: int, files: dict[str, bytes]
) -> None:
    plan = plan_for(present(files, major), LIGHT | CRUN)
    after = carried_out(files, plan)
    found = declared(after)
    assert {name: found[name] for name in ("light", "crun")} == LIGHT | CRUN
    before = declared(files)
    assert {name: found[name] for name in before} == before
    if major == 1:
        assert "runc" in found, "1.x loses the default handler once a file names any"
    assert tree_of(after) == plan.tree


@pytest.mark.parametrize(("major", "files"), [*ONE_X, *TWO_X, *MISSING])
def test_plan_files__nothing_is_wanted_any_more__every_byte_is_as_before(
    major: int, files: dict[str, bytes]
) -> None:
    plan = plan_for(present(files, major), LIGHT | CRUN)
    after = carried_out(files, plan)
    back = plan_for(present(after, major, plan), {})
    assert carried_out(after, back) == files


@pytest.mark.parametrize(("major", "files"), [*ONE_X, *TWO_X, *MISSING])
def test_plan_files__same_again__writes_nothing(major: int, files: dict[str, bytes]) -> None:
    plan = plan_for(present(files, major), LIGHT)
    after = carried_out(files, plan)
    assert plan_for(present(after, major, plan), LIGHT).writes == ()


@pytest.mark.parametrize(("major", "files"), [*ONE_X, *TWO_X, *MISSING])
def test_plan_files__another_handler_later__original_stays_the_first_one(
    major: int, files: dict[str, bytes]
) -> None:
    first = plan_for(present(files, major), LIGHT)
    once = carried_out(files, first)
    second = plan_for(present(once, major, first), LIGHT | CRUN)
    twice = carried_out(once, second)
    assert declared(twice).keys() >= {"light", "crun"}
    assert carried_out(twice, plan_for(present(twice, major, second), {})) == files


@pytest.mark.parametrize(("major", "files"), [*ONE_X, *TWO_X])
def test_plan_files__somebody_edited_in_between__only_ours_goes(
    major: int, files: dict[str, bytes]
) -> None:
    edit = b"# edited by somebody else\n"
    plan = plan_for(present(files, major), LIGHT | CRUN)
    after = carried_out(files, plan)
    after[MAIN] = edit + after[MAIN]
    base = base_of(present(after, major, plan))
    back = plan_for(present(after, major, plan), {})
    gone = carried_out(after, back)
    assert tomllib.loads(gone[MAIN].decode()) == tomllib.loads(files[MAIN].decode())
    assert gone[MAIN].startswith(edit)
    if major == 2 or ("inline" not in files[MAIN].decode() and "{" not in files[MAIN].decode()):
        assert gone == {MAIN: edit + files[MAIN]}
    if MAIN in {change.path for change in plan.changes}:
        warning = f"{MAIN} was edited by somebody else since wasmwright changed it"
        assert base.warnings == (warning,)


@given(content=main_files(), data=st.data())
def test_plan_files__added_and_removed__is_the_identity_on_bytes(
    content: bytes, data: st.DataObject
) -> None:
    major = 1 if b"grpc.v1" in content and data.draw(st.booleans()) else 2
    files = {MAIN: content}
    plan = plan_for(present(files, major), LIGHT | CRUN)
    after = carried_out(files, plan)
    assert declared(after).keys() >= {"light", "crun"}
    assert carried_out(after, plan_for(present(after, major, plan), {})) == files
    without_record = present(after, major, names=plan.names)
    assert carried_out(after, plan_for(without_record, {})) == files


@pytest.mark.parametrize(
    ("text", "table"),
    [
        (f"version = 2\n{RUNC}", GRPC_TABLE),
        (schema_3(f"version = 2\n{RUNC}"), RUNTIME_TABLE),
        (f"version = 2\n{RUNC.replace(G, R)}", RUNTIME_TABLE),
        (f"version = 2\n[{G}]\nsandbox_image = 'x'\n", GRPC_TABLE),
        (f"version = 3\n[{R}]\nenable_cdi = true\n", RUNTIME_TABLE),
        (f"version = 2\n[{G}]\nsandbox_image = 'x'\n{RUNC.replace(G, R)}", RUNTIME_TABLE),
        (f"version = 2\n{RUNC}{RUNC.replace(G, R)}", RUNTIME_TABLE),
        (f"version = 3\n{RUNC}", RUNTIME_TABLE),
        (RUNC, RUNTIME_TABLE),
        ("version = 2\n", RUNTIME_TABLE),
        ("", RUNTIME_TABLE),
    ],
    ids=[
        "older",
        "newer",
        "schema 2 with the newer table",
        "older without handlers",
        "newer without handlers",
        "older, but handlers in the newer",
        "handlers in both",
        "older in schema 3, which 2.0 does not read",
        "older without a schema, which 2.0 does not read",
        "no table",
        "nothing",
    ],
)
def test_table_in_use__containerd_2__goes_by_what_the_files_hold(text: str, table: str) -> None:
    now = present({MAIN: text.encode()}, 2)
    assert tables.table_in_use(base_of(now).tree, 2) == table


def test_plan_files__containerd_2__writes_no_version_into_the_drop_in() -> None:
    plan = plan_for(present({MAIN: b"version = 3\n"}, 2), LIGHT)
    drop_in = next(change.after for change in plan.changes if change.path == DROP_IN)
    assert drop_in is not None
    assert "version" not in tomllib.loads(drop_in.decode())


def test_plan_files__writing__has_the_drop_in_before_the_import() -> None:
    files = {MAIN: b"version = 3\n"}
    plan = plan_for(present(files, 2), LIGHT)
    assert [change.path for change in plan.writes] == [DROP_IN, MAIN]
    after = carried_out(files, plan)
    back = plan_for(present(after, 2, plan), {})
    assert [change.path for change in back.writes] == [MAIN, DROP_IN]


def test_plan_files__a_glob_reaches_our_place__main_file_is_not_touched() -> None:
    files = {
        MAIN: b'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n',
        "/etc/containerd/conf.d/other.toml": b"[debug]\n",
    }
    plan = plan_for(present(files, 2), LIGHT)
    assert [change.path for change in plan.writes] == [DROP_IN]


def test_plan_files__relative_glob_elsewhere__our_file_goes_there() -> None:
    files = {MAIN: b'version = 3\nimports = ["conf.local/*.toml"]\n'}
    plan = plan_for(present(files, 2), LIGHT)
    assert [change.path for change in plan.writes] == ["/etc/containerd/conf.local/wasmwright.toml"]


def test_plan_files__containerd_1_with_tables_in_an_import__edits_the_file_that_counts() -> None:
    other = "/etc/containerd/conf.d/nvidia.toml"
    files = {
        MAIN: f'version = 2\nimports = ["{other}"]\n{RUNC}'.encode(),
        other: f"version = 2\n{RUNC}".encode(),
    }
    plan = plan_for(present(files, 1), LIGHT)
    assert [change.path for change in plan.writes] == [other]


@pytest.mark.parametrize("major", [1, 2])
def test_plan_files__no_file_and_no_record_of_making_one__is_without_a_file_again(
    major: int,
) -> None:
    plan = plan_for(present({}, major), LIGHT)
    after = carried_out({}, plan)
    assert carried_out(after, plan_for(present(after, major, names=plan.names), {})) == {}


@pytest.mark.parametrize("major", [1, 2])
def test_plan_files__somebody_wrote_into_a_file_that_we_made__it_stays_in_its_schema(
    major: int,
) -> None:
    plan = plan_for(present({}, major), LIGHT)
    after = carried_out({}, plan)
    after[MAIN] = b"oom_score = 7\n" + after[MAIN]
    gone = carried_out(after, plan_for(present(after, major, plan), {}))
    left = tomllib.loads(gone[MAIN].decode())
    assert left == {"oom_score": 7, "version": 2 if major == 1 else 3}


def test_plan_files__containerd_1_and_a_foreign_handler_later__runc_stays_as_long_as_that() -> None:
    files = {MAIN: b"version = 2\n"}
    plan = plan_for(present(files, 1), LIGHT)
    after = carried_out(files, plan)
    theirs = f'\n[{G}.containerd.runtimes.kata]\nruntime_type = "io.containerd.kata.v2"\n'.encode()
    after[MAIN] += theirs
    back = plan_for(present(after, 1, plan), {})
    left = carried_out(after, back)
    assert declared(left).keys() == {"runc", "kata"}
    assert back.names == {"runc"}
    assert plan_for(present(left, 1, back), {}).writes == ()
    left[MAIN] = left[MAIN].replace(theirs, b"")
    assert carried_out(left, plan_for(present(left, 1, back), {})) == files


@pytest.mark.parametrize(("schema", "written"), [(3, 3), (4, 3)])
def test_plan_files__containerd_2_without_a_file__writes_the_smallest_one(
    schema: int, written: int
) -> None:
    plan = plan_for(present({}, 2), LIGHT, schema=schema)
    main = next(change.after for change in plan.changes if change.path == MAIN)
    glob = "/etc/containerd/conf.d/wasmwright*.toml"
    lines = [MADE, f"version = {written}", f'imports = ["{glob}"] # wasmwright', ""]
    assert main == "\n".join(lines).encode()


def test_base_of__somebody_wrote_between_our_marks__is_a_conflict_with_the_line() -> None:
    files = {MAIN: f"version = 2\n{RUNC}".encode()}
    plan = plan_for(present(files, 1), LIGHT)
    after = carried_out(files, plan)
    stranger = (
        f'[{G}.containerd.runtimes.kata]\nruntime_type = "io.containerd.kata.v2"\n# wasmwright: end'
    )
    after[MAIN] = after[MAIN].replace(b"# wasmwright: end", stranger.encode())
    with pytest.raises(ConflictError, match=rf"kata between .* {MAIN} \(line 7\)"):
        base_of(present(after, 1, plan))


@pytest.mark.parametrize("imported", [True, False])
def test_plan_files__foreign_file_of_our_name__is_a_conflict(*, imported: bool) -> None:
    glob = b'imports = ["/etc/containerd/conf.d/*.toml"]\n' if imported else b""
    files = {MAIN: b"version = 3\n" + glob, DROP_IN: b"# not by the installer\n"}
    with pytest.raises(ConflictError, match="was not written by wasmwright"):
        plan_for(present(files, 2), LIGHT)


@pytest.mark.parametrize(
    ("text", "major", "reason"),
    [
        ('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n', 1, "CRIDisabled"),
        ('disabled_plugins = ["cri"]\n', 1, "CRIDisabled"),
        ('disabled_plugins = ["cri"]\n', 2, "CRIDisabled"),
        ('version = 3\ndisabled_plugins = ["io.containerd.cri.v1.runtime"]\n', 2, "CRIDisabled"),
        ('[plugins.cri]\nsandbox_image = "x"\n', 1, "SchemaV1"),
        ('root = "/var/lib/containerd"\n', 1, "SchemaV1"),
        ('version = 1\n[plugins.cri]\nsandbox_image = "x"\n', 2, "SchemaV1"),
        (RUNC, 1, "SchemaV1"),
    ],
)
def test_refuse_unsupported__file_that_cannot_be_continued__is_refused(
    text: str, major: int, reason: str
) -> None:
    base = base_of(present({MAIN: text.encode()}, major))
    with pytest.raises(UnsupportedNodeError, match=MAIN) as caught:
        refuse_unsupported(base, MAIN, major)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("files", "major"),
    [
        ({}, 1),
        ({MAIN: b"# only a comment\n"}, 1),
        ({MAIN: b'version = 2\ndisabled_plugins = ["io.containerd.snapshotter.v1.zfs"]\n'}, 1),
        ({MAIN: b'root = "/data"\n'}, 2),
        ({MAIN: RUNC.encode()}, 2),
    ],
    ids=["no file", "comment", "other plugin", "2.x without a version", "2.x with full names"],
)
def test_refuse_unsupported__file_that_can_be_continued__is_accepted(
    files: dict[str, bytes], major: int
) -> None:
    refuse_unsupported(base_of(present(files, major)), MAIN, major)


def test_plan_files__tables_that_cannot_be_continued__are_refused_with_the_way() -> None:
    text = f'version = 2\n[{G}]\ncontainerd = "odd"\n'
    with pytest.raises(RefusedError, match="write them as") as caught:
        plan_for(present({MAIN: text.encode()}, 1), LIGHT)
    assert caught.value.reason == "ConfigNotEditable"


def test_base_of__somebody_rewrote_the_file_without_our_marks__ours_is_found_by_name() -> None:
    files = {MAIN: f"version = 2\n{RUNC}".encode()}
    plan = plan_for(present(files, 1), LIGHT)
    after = carried_out(files, plan)
    bare = b"".join(
        line for line in after[MAIN].splitlines(keepends=True) if b"wasmwright:" not in line
    )
    base = base_of(present({MAIN: bare}, 1, plan))
    assert tomllib.loads(base.tree[MAIN].decode()) == tomllib.loads(files[MAIN].decode())


def test_base_of__handlers_were_only_ours__no_empty_table_is_left() -> None:
    table = '{ runtime_type = "/opt/wasmwright/bin/light/x" }'
    text = f"version = 2\n[{G}.containerd]\nruntimes = {{ light = {table} }}\n"
    now = present({MAIN: text.encode()}, 1, names=frozenset({"light"}))
    base = tomllib.loads(base_of(now).tree[MAIN].decode())
    assert base["plugins"][GRPC_TABLE]["containerd"] == {}
