"""Where the API server is, and our credentials: the pod's service account, else KUBECONFIG."""

import os
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from kubernetes.aio import config as untyped_config
from kubernetes.aio.client import Configuration

config: Any = untyped_config

_CONNECTIONS: Final = 48
"""At once: each watch holds one of them for good."""


class LoginError(Exception):
    """There are no usable credentials; the message says what was looked for."""


async def load_configuration() -> Configuration:
    """Return where the API server is and who we are. Raises LoginError."""
    configuration = Configuration()
    configuration.connection_pool_maxsize = _CONNECTIONS
    try:
        if "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
            config.load_incluster_config(client_configuration=configuration)
        else:
            await config.load_kube_config(
                os.environ.get("KUBECONFIG"), client_configuration=configuration
            )
    except (config.ConfigException, OSError) as error:
        raise LoginError(
            "no credentials for the Kubernetes API: run in a pod with a service account, or set"
            f" KUBECONFIG to a readable file ({error})"
        ) from error
    configuration.proxy = configuration.proxy or _proxy(configuration.host)
    # Otherwise proxies and ~/.netrc are looked up in a thread for each single request.
    configuration.client_session_kwargs = {
        "trust_env": False,
        "cookie_jar": aiohttp.DummyCookieJar(),
    }
    return configuration


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for a URL."""
    host = urlsplit(url)
    is_direct = not host.hostname or proxy_bypass(host.hostname)
    return None if is_direct else getproxies().get(host.scheme)


async def authorization(configuration: Configuration) -> str:
    """Return the value of the Authorization header; a rotated token is read again."""
    value = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    if value:
        return str(value)
    return str(configuration.get_basic_auth_token() or "") if configuration.username else ""
