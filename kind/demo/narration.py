"""Tell a newcomer what happens, in plain words and with the seconds since the beginning."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Narrator:
    """The voice of the demo. Its lines may come from several threads."""

    def __init__(
        self,
        console: Console,
        clock: Callable[[], float] = time.monotonic,
        heartbeat: float = 60,
    ) -> None:
        """`heartbeat`: after how many seconds of a step, again and again, it says what goes on."""
        self._console = console
        self._clock = clock
        self._heartbeat = heartbeat
        self._start = clock()
        self._last_said = ""

    def say(self, sentence: str) -> None:
        """Tell one thing that happens within a step."""
        self._last_said = sentence
        self._line(f"[dim]{escape(sentence)}[/]")

    def command(self, line: str) -> None:
        """Show a command as somebody would type it."""
        self._line(f"[cyan]$ {escape(line)}[/]")

    def output(self, source: str, line: str) -> None:
        """Show what a pod has printed."""
        self._line(f"{escape(source)}  [bold green]{escape(line)}[/]")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step, and tell how long it took when it is done."""
        begun = self._clock()
        self._last_said = title
        self._line(f"[bold]{escape(title)}[/]")
        with self._beating():
            yield
        self._line(f"[green]done[/] [dim]in {self._clock() - begun:.1f} s[/]")

    @contextmanager
    def _beating(self) -> Iterator[None]:
        """Give signs of life meanwhile: compiling Kubernetes says nothing for minutes."""
        over = threading.Event()
        heart = threading.Thread(target=self._beat, args=(over,), daemon=True)
        heart.start()
        try:
            yield
        finally:
            over.set()
            heart.join()

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(self._heartbeat):
            self._line(f"[dim]still at it; the last begun was: {escape(self._last_said)}[/]")

    def failure(self, what: str, evidence: str, advice: str) -> None:
        """Tell what went wrong, what was seen last, and what to do now."""
        self._line("[bold red]That did not work.[/]")
        for title, text in (("What was seen last", evidence), ("What went wrong", what)):
            if text:
                self._console.print(f"\n[bold red]{title}[/]\n{escape(text)}", highlight=False)
        self._console.print(f"\n[bold]What to do now[/]\n{escape(advice)}", highlight=False)

    def farewell(self, text: str) -> None:
        """Say the last words, which may hold markup, without a frame so that they can be copied."""
        self._line(f"[bold green]It works[/] [dim]({self._clock() - self._start:.0f} s in all)[/]")
        self._console.print(f"\n{text}", highlight=False)

    def _line(self, markup: str) -> None:
        elapsed = self._clock() - self._start
        self._console.print(f"[dim]{elapsed:7.1f} s[/]  {markup}", highlight=False)
