"""Keeps the cache in line with the API server: one informer for each kind that we watch."""

from wasmwright_operator.watch.informer import Informer, MissingResourceError, RestoredError
from wasmwright_operator.watch.kinds import informers, watched

__all__ = ["Informer", "MissingResourceError", "RestoredError", "informers", "watched"]
