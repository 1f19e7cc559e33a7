"""How a long undertaking tells what it does: a callable that is given one plain sentence at a time.

The sentences come from several threads; each is complete in itself.
"""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str], None]


def silent(_sentence: str) -> None:
    """Tell nobody."""
