"""CRI-O's dialect: what is written for a handler, and how its own words are read."""

import tomllib

import pytest

from wasmwright_installer.config import crio, dump, tables
from wasmwright_installer.config.dump import Dump
from wasmwright_installer.config.files import temporary_path
from wasmwright_installer.contract import HandlerEntry, RuntimeType
from wasmwright_installer.detect.handlers import binary_of, loaded_from_crio, normal_handler
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.home import USUAL

ENTRY = HandlerEntry(handler="wasm", type=RuntimeType.OCI_RUNTIME, binary="crun")
LINK = "/opt/wasmwright/bin/wasm/crun"


@pytest.mark.parametrize(
    ("patterns", "allowed"),
    [
        ((), None),
        (("module.wasm.image/*",), ["module.wasm.image/variant"]),
        (("run.oci.handler",), ["run.oci."]),
        (("*",), ["module.wasm.image/variant", "run.oci."]),
        (("example.org/*",), None),
    ],
)
def test_handler_table__annotations__are_permitted_in_words_that_crio_knows(
    patterns: tuple[str, ...], allowed: list[str] | None
) -> None:
    entry = ENTRY.model_copy(update={"pod_annotations": patterns})
    written = crio.handler_table(entry, USUAL, {})
    assert written.get("allowed_annotations") == allowed


CRUN = b'[crio.runtime.runtimes.crun]\nmonitor_path = "/a"\nmonitor_cgroup = "pod"\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], {}),
        ([CRUN], {"monitor_path": "/a", "monitor_cgroup": "pod"}),
        ([CRUN, b'[crio.runtime.runtimes.runc]\nmonitor_path = "/b"\n'], None),
        (
            [CRUN, b'[crio.runtime.runtimes.crun]\nmonitor_env = ["A=1"]\n'],
            {"monitor_env": ["A=1"]},
        ),
        ([b'[crio.runtime]\nconmon = "/c"\n'], {}),
    ],
    ids=["no file", "one", "another handler", "replaced as a whole", "the older key"],
)
def test_monitor_settings__default_handler__as_its_last_file_says(
    files: list[bytes], expected: dict[str, object] | None
) -> None:
    tree = {f"/{number}": content for number, content in enumerate(files)}
    found = crio.monitor_settings(tree, "crun")
    assert found == (crio.monitor_settings({"/0": CRUN}, "crun") if expected is None else expected)


def test_loaded_from_crio__what_it_worked_out_by_itself__is_left_aside() -> None:
    written = crio.handler_table(ENTRY, USUAL, {"monitor_path": "/usr/bin/conmon"})
    told = {
        **written,
        "runtime_root": "",
        "runtime_config_path": "",
        "monitor_cgroup": "system.slice",
        "monitor_env": ["PATH=/bin"],
        "container_min_memory": "12MiB",
        "container_create_timeout": 240,
        "DisallowedAnnotations": ["io.kubernetes.cri-o.Devices"],
        "no_sync_log": False,
    }
    config = {"crio": {"runtime": {"default_runtime": "crun", "runtimes": {"wasm": told}}}}
    loaded = loaded_from_crio(config, runtime_ready=True, network_ready=False)
    assert loaded.handlers == {"wasm": normal_handler(written)}
    assert (loaded.default, loaded.network_ready) == ("crun", False)
    assert binary_of(loaded.handlers["wasm"]) == LINK


def test_loaded_from_crio__without_handlers__has_none() -> None:
    assert not loaded_from_crio({}, runtime_ready=False, network_ready=False).handlers


def test_render_handler__crio__reads_back_as_what_was_meant() -> None:
    written = crio.handler_table(ENTRY, USUAL, {"monitor_env": ['A="1"']})
    text = "\n".join(tables.render_handler(tables.CRIO_TABLE, "wasm", written))
    assert tables.all_runtimes(tomllib.loads(text)) == {"wasm": written}
    assert tables.handler_line(f"# c\n{text}\n", "wasm") == 2


DEFAULTS = (
    '[crio.runtime]\ndefault_runtime = "crun"\n[crio.runtime.runtimes.crun]\nruntime_type = "oci"\n'
)
OURS = f'[crio.runtime.runtimes.wasm]\nruntime_path = "{LINK}"\nruntime_type = "oci"\n'
ALL = f"{DEFAULTS}{OURS}"
EXPECTED = {"wasm": crio.handler_table(ENTRY, USUAL, {})}


def test_dump__handlers_left_out_as_defaults__count_as_there() -> None:
    before, after = Dump.parse("", "", DEFAULTS), Dump.parse(ALL, "", DEFAULTS)
    dump.refuse_side_effects(before, after, EXPECTED, frozenset(EXPECTED))


@pytest.mark.parametrize(
    ("printed", "what"),
    [
        (f'{ALL}[crio.image]\npause_image = "x"\n', "pause_image"),
        (OURS, "crun.runtime_type"),
        (DEFAULTS, "does not take effect"),
        (ALL.replace(LINK, "/elsewhere"), "does not take effect"),
    ],
    ids=["another table", "a handler of others gone", "ours missing", "ours differs"],
)
def test_dump__anything_but_our_handlers__is_refused(printed: str, what: str) -> None:
    before, after = Dump.parse("", "", DEFAULTS), Dump.parse(printed, "", DEFAULTS)
    with pytest.raises(RefusedError, match=what):
        dump.refuse_side_effects(before, after, EXPECTED, frozenset(EXPECTED))


@pytest.mark.parametrize(
    ("path", "temporary"),
    [
        ("/etc/containerd/config.toml", "/etc/containerd/.config.toml.wasmwright-new"),
        (
            "/etc/crio/crio.conf.d/90-wasmwright.conf",
            "/etc/crio/.90-wasmwright.conf.wasmwright-new",
        ),
        (
            "/etc/containerd/conf.d/wasmwright.toml",
            "/etc/containerd/.wasmwright.toml.wasmwright-new",
        ),
    ],
)
def test_temporary_path__directory_that_is_read_whole__is_kept_clear(
    path: str, temporary: str
) -> None:
    assert temporary_path(path) == temporary
