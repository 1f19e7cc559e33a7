"""What the cache knows after lists and watches that go well, and after those that do not."""

import asyncio
from collections.abc import Iterable

import pytest

from unit.operator.fake_loop import run
from unit.operator.watch.scripted import (
    Listing,
    Play,
    Watching,
    added,
    bookmark,
    changed,
    deleted,
    node,
)
from wasmwright_operator.kube.errors import (
    ApiError,
    ExpiredError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from wasmwright_operator.kube.errors import NotFoundError as Missing
from wasmwright_operator.watch import MissingResourceError, RestoredError

BROKEN = UnavailableError("broke")
GONE = ExpiredError("410 Expired")
ONE = Listing(10, [[node("n1", 5)]])


def play(lists: Iterable[Listing], watches: Iterable[Watching] = (), seconds: float = 50) -> Play:
    async def scenario() -> Play:
        play = Play(lists, watches)
        await play.go(seconds)
        return play

    return run(scenario())


def test_list__in_parts__is_taken_in_as_a_whole() -> None:
    done = play([Listing(10, [[node("n1", 5), node("n2", 9)], [node("n3", 3)]])])

    assert set(done.known) == {"n1", "n2", "n3"}
    assert set(done.told) == {"fleet", "node/n1", "node/n2", "node/n3"}
    assert done.asked == ["list", "10"]
    assert done.informer.synced.is_set()
    assert done.informer.problem() == ""


def test_watch__events__change_what_is_known() -> None:
    events = [added("n2", 11), changed("n1", 12, pool="a"), deleted("n2", 13)]

    done = play([ONE], [Watching(events)])

    assert done.known == {"n1": {"pool": "a"}}
    assert done.asked == ["list", "10", "13"]


def test_watch__event_that_says_nothing_new__wakes_nobody() -> None:
    quiet = play([ONE], [Watching([changed("n1", 11)])])
    repeated = play([ONE], [Watching([changed("n1", 5, pool="old")])])

    assert quiet.told == repeated.told == ["fleet", "node/n1"]
    assert repeated.known == {"n1": {}}


@pytest.mark.parametrize(
    ("watch", "version"),
    [
        (Watching([300.0]), "10"),
        (Watching([30.0, bookmark(77), 30.0]), "77"),
        (Watching([added("n2", 11)], error=BROKEN), "11"),
        (Watching([bookmark(20)], error=UnavailableError("SocketTimeoutError")), "20"),
        (Watching(refused=UnavailableError("HTTP 500")), "10"),
        (Watching(refused=ThrottledError("HTTP 429", 7)), "10"),
        (Watching([added("n2", 12)], error=ThrottledError("in the stream", 1)), "12"),
    ],
    ids=["ended", "bookmark", "broken", "silent", "500", "429", "429-in-stream"],
)
def test_watch__that_ends__is_resumed_from_what_was_seen_last(
    watch: Watching, version: str
) -> None:
    done = play([ONE], [watch], seconds=400)

    assert done.asked == ["list", "10", version]


@pytest.mark.parametrize(
    "watch",
    [
        Watching(refused=GONE),
        Watching([added("n2", 11)], error=GONE),
        Watching([added("n2", 11)], error=RefusedError("HTTP 400")),
    ],
    ids=["at-once", "in-stream", "unknown"],
)
def test_watch__that_cannot_be_resumed__lists_anew_and_drops_what_vanished(watch: Watching) -> None:
    later = Listing(30, [[node("n3", 25)]])

    done = play([ONE, later], [watch])

    assert done.asked == ["list", "10", "list", "30"]
    assert set(done.known) == {"n3"}
    assert done.told.count("node/n1") == 2, "its end is to be reconciled as well as its beginning"


def test_list_anew__node_created_again_meanwhile__is_the_new_one() -> None:
    done = play([ONE, Listing(30, [[node("n1", 25, uid="another")]])], [Watching(refused=GONE)])

    found = done.cache.nodes.get("n1")
    assert found is not None
    assert found.uid == "another"


def test_list_anew__object_newer_than_the_list__stays() -> None:
    """The answer to our own write may be newer than a list that began before it."""

    async def scenario() -> Play:
        play = Play([ONE, Listing(30)], [Watching([5.0], error=GONE)])
        task = asyncio.create_task(play.go(50))
        await asyncio.sleep(2)
        play.cache.observe("nodes", node("n1", 31, written="by-us"))
        await task
        return play

    assert run(scenario()).known == {"n1": {"written": "by-us"}}


def test_list__that_breaks_half_way__drops_nothing_and_is_repeated() -> None:
    half = Listing(20, [[node("n2", 15)]], error=BROKEN)
    whole = Listing(30, [[node("n1", 5), node("n2", 15)]])

    done = play([ONE, half, whole], [Watching(refused=GONE)])

    assert done.asked == ["list", "10", "list", "list", "30"]
    assert set(done.known) == {"n1", "n2"}


def test_first_list__that_fails_for_a_while__is_repeated_and_told() -> None:
    async def scenario() -> tuple[str, Play]:
        failing = Listing(0, error=ThrottledError("HTTP 429", 3))
        play = Play([failing, ONE])
        task = asyncio.create_task(play.go(20))
        await asyncio.sleep(2)
        problem = play.informer.problem()
        await task
        return problem, play

    problem, done = run(scenario())

    assert problem == "nodes were not listed yet (HTTP 429)"
    assert done.source.asked == [(0.0, "list"), (3.0, "list"), (3.0, "10")]
    assert done.informer.problem() == ""


@pytest.mark.parametrize(
    ("error", "raised"),
    [(Missing("HTTP 404"), MissingResourceError), (RefusedError("HTTP 403"), RefusedError)],
    ids=["404", "403"],
)
def test_first_list__refused__ends_the_process(error: ApiError, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        play([Listing(0, error=error)])


def test_later_list__refused__is_repeated() -> None:
    refused = Listing(0, error=RefusedError("HTTP 403"))

    done = play([ONE, refused, Listing(30)], [Watching(refused=GONE)])

    assert done.asked == ["list", "10", "list", "list", "30"]
    assert done.known == {}


def test_failures__in_a_row__come_ever_more_seldom_and_end_with_a_list() -> None:
    done = play([ONE], [Watching(refused=BROKEN)] * 6, seconds=100)

    assert done.source.asked == [
        (0.0, "list"),
        *[(0.0, "10"), (0.5, "10"), (1.5, "10"), (3.5, "10"), (7.5, "10"), (15.5, "10")],
        *[(31.5, "list"), (31.5, "10")],
    ]


def test_failures__with_events_in_between__are_not_in_a_row() -> None:
    watches = [Watching([bookmark(20 + number)], error=BROKEN) for number in range(20)]

    done = play([ONE], watches)

    assert done.asked.count("list") == 1
    assert [moment for moment, _ in done.source.asked[1:5]] == [0.0, 0.5, 1.0, 1.5]


def test_watches__that_end_at_once__do_not_make_us_ask_on_and_on() -> None:
    done = play([ONE], [Watching() for _ in range(1000)], seconds=60)

    assert len(done.asked) < 15


def test_api_server__that_was_restored_from_a_backup__ends_the_process() -> None:
    with pytest.raises(RestoredError, match="at version 4 of nodes and was at 10"):
        play([ONE, Listing(4, [[node("n1", 2)]])], [Watching(refused=GONE)])


def test_problem__no_watch_for_a_minute__says_so_until_there_is_one() -> None:
    async def scenario() -> list[str]:
        play = Play([ONE, Listing(0, error=BROKEN)], [Watching(refused=BROKEN)] * 20)
        task = asyncio.create_task(play.go(500))
        await asyncio.sleep(50)
        told = [play.informer.problem()]
        await asyncio.sleep(50)
        told.append(play.informer.problem())
        play.source.lists.appendleft(ONE)
        play.source.lists.appendleft(ONE)
        play.source.watches.clear()
        await asyncio.sleep(60)
        told.append(play.informer.problem())
        await task
        return told

    before, during, after = run(scenario())

    assert (before, after) == ("", "")
    assert during == "nodes: blind for 100 s (broke)"
