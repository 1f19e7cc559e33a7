"""Main files as people write them, kind and unkind."""

G = 'plugins."io.containerd.grpc.v1.cri"'
R = 'plugins."io.containerd.cri.v1.runtime"'

RUNC = f"""[{G}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [{G}.containerd.runtimes.runc.options]
    SystemdCgroup = true
"""

TYPE = 'runtime_type = "io.containerd.runc.v2"'
IMPORTS = """imports = [
  "/etc/containerd/other/*.toml", # theirs
  "/etc/containerd/more/*.toml",
]
"""
IMPORTS_TWICE = 'imports = ["/etc/containerd/other/*.toml", "/etc/containerd/other/*.toml"]\n'
G_SINGLE = "'io.containerd.grpc.v1.cri'"
MARKS = '"""\n# wasmwright: end\n"""'
LIST = "[[example.list]]\nname = 'a'\n[[example.list]]\nname = 'b'\n"
ANY_ORDER = f"""version = 2
[{G}.containerd.runtimes.runc]
  {TYPE}
[{G}.cni]
[{G}.containerd.runtimes.kata]
  {TYPE}
[{G}]
[{G}.containerd.runtimes.with-dash]
  {TYPE}
"""
"""Valid, and more than tomlkit understands."""
INLINE_RUNTIMES = f"{{ runc = {{ {TYPE} }} }}"
INLINE = (
    f'{{ "io.containerd.grpc.v1.cri" = {{ containerd = {{ runtimes = {INLINE_RUNTIMES} }} }} }}'
)

SCHEMA_2 = {
    "plain": f"version = 2\n{RUNC}",
    "comments everywhere": f"# head\nversion = 2 # two\n\n  # own\n{RUNC}# tail\n",
    "no final newline": f"version = 2\n{RUNC}".rstrip("\n"),
    "only a comment, no newline": "# nothing here",
    "empty": "",
    "CRLF": f"version = 2\n{RUNC}".replace("\n", "\r\n"),
    "CRLF, no final newline": f"version = 2\n{RUNC}".replace("\n", "\r\n").rstrip("\r\n"),
    "blank lines at the end": f"version = 2\n{RUNC}\n\n\n",
    "single quotes": f"version = 2\n{RUNC}".replace('"', "'"),
    "super table": f"version = 2\n[plugins]\n  [{G}]\n    sandbox_image = 'pause'\n{RUNC}",
    "tables in any order": ANY_ORDER,
    "dotted keys": f"version = 2\n[{G}]\ncontainerd.runtimes.runc.{TYPE}\n",
    "dotted from the top": f"version = 2\n{G}.containerd.runtimes.runc.{TYPE}\n",
    "inline handlers": f"version = 2\n[{G}.containerd]\nruntimes = {INLINE_RUNTIMES} # inline\n",
    "inline all the way": f"version = 2\nplugins = {INLINE}\n",
    "no handlers": f'version = 2\n[{G}]\n  sandbox_image = "pause"\n',
    "foreign import": f'version = 2\nimports = ["/etc/containerd/other/*.toml"]\n{RUNC}',
    "imports over lines": f"version = 2\n{IMPORTS}{RUNC}",
    "empty imports": f"version = 2\nimports = []\n{RUNC}",
    "version last": 'root = "/var/lib/containerd"\nversion = 2',
    "marks in a string": f"version = 2\n[{G}]\n  sandbox_image = {MARKS}\n{RUNC}",
    "version in a string": f'root = """\nversion = 2\n"""\nversion = 2\n{RUNC}',
    "array of tables": f"version = 2\n{RUNC}{LIST}",
    "relative imports": f'version = 2\nimports = ["other/*.toml"]\n{RUNC}',
    "imports twice": f"version = 2\n{IMPORTS_TWICE}{RUNC}",
    "tabs": f"version = 2\n{RUNC}".replace("  ", "\t"),
    "both quotes": f"version = 2\n{RUNC}".replace('"io.containerd.grpc.v1.cri"', G_SINGLE, 1),
    "umlauts": f"version = 2 # für später ☃\n{RUNC}",
}


def schema_3(text: str) -> str:
    """The same file with the newer table."""
    return text.replace("version = 2", "version = 3").replace(
        "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"
    )
