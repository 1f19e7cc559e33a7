"""What we know of the cluster, and the views of it that plans are made from."""

from wasmwright_operator.cache.cache import Cache
from wasmwright_operator.cache.keys import FLEET, node_key, node_of

__all__ = ["FLEET", "Cache", "node_key", "node_of"]
