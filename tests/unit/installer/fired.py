"""Let the dead man's switch of a played host fire: what it left on disk, run by a real shell."""

from importlib.resources import files

from support.played_switch import Programs, below
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.switch import rescue_of
from wasmwright_installer.rescue.script import render

BODY = files("wasmwright_installer.rescue").joinpath("switch.sh").read_text()


def fire(node: FakeNode, programs: Programs) -> None:
    """Run the script where the paths of the host lie; what it asks systemd for is done after."""
    left = node.read("/opt/wasmwright/state/switch.sh").decode()
    journal = node.host.state.journal()
    if journal is not None:
        rescue = rescue_of(node.host, journal)
        assert left == render(rescue, BODY)
        left = render(below(node.root, rescue), BODY)
    programs.put(state="active" if node.daemon.is_up else "failed")
    seen = len(programs.changes)
    if journal is not None:
        programs.run(left)
    node.commands.is_armed = False
    if "restart containerd.service" in programs.changes[seen:]:
        node.daemon.restart()
