"""Main files as hypothesis makes them up."""

import json

from hypothesis import strategies as st

from unit.installer.mains import G, R

keys = st.text("abcdefghijklmnop_", min_size=1, max_size=8)
scalars = st.one_of(st.booleans(), st.integers(-9, 9), st.text("ab \"'\\\n#[]=é", max_size=8))
sections = st.dictionaries(keys, scalars, max_size=3)
imports = st.sampled_from(
    [
        "",
        'imports = ["/etc/containerd/other/*.toml"]',
        "imports = ['other/*.toml', 'other/*.toml',]  # twice",
        "imports = [ # over lines\n  '/etc/containerd/other/*.toml',\n]",
    ]
)
others = st.lists(st.sampled_from(["kata", "with-dash", "'with.dot'"]), unique=True)
handlers = st.one_of(st.just([]), others.map(lambda names: ["runc", *names]))
"""None, or runc among them: containerd 1.x serves no CRI with a file that has others only."""
remarks = st.lists(st.sampled_from(["", "# a comment", "  # wasmwright: not ours"]), max_size=2)


@st.composite
def main_files(draw: st.DrawFn) -> bytes:
    """Valid files with odd comments, quotes, blank lines, line ends and any order of tables."""
    version, table = draw(st.sampled_from([(2, G), (3, R)]))
    table = table.replace('"', draw(st.sampled_from("\"'")))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    blocks = [f"[example.{name}]" for name in draw(st.lists(keys, unique=True, max_size=3))]
    blocks += draw(st.lists(st.sampled_from([f"[{table}]", f"[{table}.cni]"]), unique=True))
    blocks += [
        f'[{table}.containerd.runtimes.{name}]\nruntime_type = "io.containerd.runc.v2"'
        for name in draw(handlers)
    ]
    lines = [f"version = {version}", draw(imports)]
    for block in draw(st.permutations(blocks)):
        lines.append(block)
        lines += [f"{key} = {json.dumps(value)}" for key, value in draw(sections).items()]
        lines += draw(remarks)
    text = ending.join("\n".join(lines).split("\n"))
    return (text + draw(st.sampled_from(["", ending, ending * 2]))).encode()
