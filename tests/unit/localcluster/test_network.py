from ipaddress import IPv4Network
from pathlib import Path

import pytest

from localcluster import network
from localcluster.addresses import Addresses


def test_parse_routes__default_and_others__leaves_the_default_out() -> None:
    listing = '[{"dst":"default","gateway":"1.1.1.1"},{"dst":"10.0.0.0/24"},{"dst":"10.1.0.7"}]'
    assert network.parse_routes(listing) == (
        IPv4Network("10.0.0.0/24"),
        IPv4Network("10.1.0.7/32"),
    )


def test_parse_routes__nothing_routed__is_empty() -> None:
    assert network.parse_routes("") == ()


@pytest.mark.parametrize(
    ("table", "blocks"),
    [
        pytest.param("", False, id="no-table"),
        pytest.param("*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n", False, id="open"),
        pytest.param("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n", True, id="policy"),
        pytest.param(
            "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j REJECT\nCOMMIT\n", True, id="rule"
        ),
        pytest.param(
            "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i wwbr1 -o wwbr1 -j ACCEPT\nCOMMIT\n",
            False,
            id="open-for-us",
        ),
        pytest.param(
            "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i wwbr10 -o wwbr10 -j ACCEPT\nCOMMIT\n",
            True,
            id="open-for-another-cluster",
        ),
    ],
)
def test_blocks_forwarding__filter_table__tells_whether_a_rule_of_ours_is_needed(
    table: str, *, blocks: bool
) -> None:
    assert network.blocks_forwarding(table, "wwbr1") is blocks


@pytest.fixture
def firewall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an `iptables` first on the path that keeps its rules in the file that is returned."""
    table = tmp_path / "table"
    programs = {
        "ip": "exit 0",
        "iptables-save": f"cat {table}",
        "iptables": f'verb=$2; shift 3; rule="-A FORWARD $*"; case $verb in\n'
        f'-I) echo "$rule" >> {table} ;;\n'
        f'-D) grep -vxF -e "$rule" {table} > {table}.new; mv {table}.new {table} ;; esac',
    }
    for name, script in programs.items():
        program = tmp_path / "path" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "path"), prepend=":")
    return table


CLOSED = ":FORWARD DROP [0:0]\n-A FORWARD -i docker0 -j ACCEPT\n"


def test_ensure_bridge__firewall_that_forwards_nothing__lets_our_nodes_talk_once(
    firewall: Path,
) -> None:
    firewall.write_text(CLOSED)
    network.ensure_bridge(Addresses(63), 2)
    network.ensure_bridge(Addresses(63), 2)
    assert firewall.read_text() == CLOSED + "-A FORWARD -i wwbr63 -o wwbr63 -j ACCEPT\n"


def test_ensure_bridge__no_firewall__adds_no_rule(firewall: Path) -> None:
    firewall.touch()
    network.ensure_bridge(Addresses(63), 2)
    assert firewall.read_text() == ""


def test_remove__our_rule__goes_and_others_stay(firewall: Path) -> None:
    firewall.write_text(CLOSED)
    network.ensure_bridge(Addresses(63), 0)
    network.remove(Addresses(63))
    network.remove(Addresses(63))
    assert firewall.read_text() == CLOSED
