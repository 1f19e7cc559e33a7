from ipaddress import IPv4Network
from itertools import combinations

import pytest

from localcluster.addresses import MOST_CLUSTERS, SERVICES, Addresses, free_addresses
from localcluster.errors import LocalClusterError


def test_addresses__of_all_clusters__never_overlap() -> None:
    ranges = [SERVICES]
    for index in range(MOST_CLUSTERS):
        ranges += [Addresses(index).subnet, Addresses(index).pods]
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


def test_node__every_number__lies_in_the_ranges_of_its_cluster() -> None:
    cluster = Addresses(3)
    nodes = [cluster.node(number) for number in range(1, 100)]
    assert all(node.address in cluster.subnet for node in nodes)
    assert all(node.pods.subnet_of(cluster.pods) for node in nodes)
    assert len({node.pods for node in nodes}) == len(nodes)
    assert len({node.link for node in nodes}) == len(nodes)


def test_device_names__largest_numbers__fit_the_kernels_15_characters() -> None:
    cluster = Addresses(MOST_CLUSTERS - 1)
    assert max(len(cluster.bridge), len(cluster.node(99).link)) <= 15


@pytest.mark.parametrize(
    ("taken", "routes", "expected"),
    [
        pytest.param([], [], 0, id="nothing-there"),
        pytest.param([0, 2], [], 1, id="a-gap-is-used"),
        pytest.param([], ["10.89.0.0/16"], None, id="bridge-range-routed"),
        pytest.param([], ["10.160.7.0/24"], 1, id="inside-the-pods-of-the-first"),
        pytest.param([1], ["10.160.0.0/15", "192.168.0.0/16"], 2, id="routes-and-clusters"),
    ],
)
def test_free_addresses__given_what_is_in_use__hides_nothing(
    taken: list[int], routes: list[str], expected: int | None
) -> None:
    networks = [IPv4Network(route) for route in routes]
    if expected is None:
        with pytest.raises(LocalClusterError, match="take a cluster down"):
            free_addresses(taken, networks)
    else:
        assert free_addresses(taken, networks) == Addresses(expected)
