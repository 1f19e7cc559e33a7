import aiohttp
import pytest

from wasmwright_operator.health import Health, serve


@pytest.mark.parametrize(
    ("alive", "ready", "healthz", "readyz"),
    [
        ("", "", (200, "queue: ok\n"), (200, "queue: ok\nlease: ok\n")),
        ("", "silent", (200, "queue: ok\n"), (503, "lease: silent\n")),
        ("stuck", "", (503, "queue: stuck\n"), (503, "queue: stuck\n")),
    ],
    ids=["well", "of no use now", "stuck"],
)
async def test_health__over_http__says_what_is_wrong(
    alive: str, ready: str, healthz: tuple[int, str], readyz: tuple[int, str]
) -> None:
    health = Health(alive={"queue": lambda: alive}, ready={"lease": lambda: ready})
    runner = await serve(health, 0)
    try:
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:
            for path, expected in (("/healthz", healthz), ("/readyz", readyz)):
                async with session.get(f"{address}{path}") as answer:
                    assert (answer.status, await answer.text()) == expected
    finally:
        await runner.cleanup()
