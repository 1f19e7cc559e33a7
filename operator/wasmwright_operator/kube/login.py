"""Credentials: the pod's service account, else KUBECONFIG; the same for kopf and for us."""

import os
from typing import Any

import kopf
from kubernetes.aio import config as untyped_config
from kubernetes.aio.client import Configuration

config: Any = untyped_config


class LoginError(Exception):
    """There are no usable credentials; the message says what was looked for."""


async def load_configuration() -> Configuration:
    """Return where the API server is and who we are. Raises LoginError."""
    configuration = Configuration()
    configuration.connection_pool_maxsize = 32
    try:
        if "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
            config.load_incluster_config(client_configuration=configuration)
        else:
            await config.load_kube_config(client_configuration=configuration)
    except (config.ConfigException, OSError) as error:
        raise LoginError(
            "no credentials for the Kubernetes API: run in a pod with a service account, or set"
            f" KUBECONFIG to a readable file ({error})"
        ) from error
    return configuration


async def authorization(configuration: Configuration) -> str:
    """Return the value of the Authorization header; a rotated token is read again."""
    value = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    if value:
        return str(value)
    return str(configuration.get_basic_auth_token() or "") if configuration.username else ""


async def kopf_login(**_: object) -> kopf.ConnectionInfo:
    """Give kopf the same credentials; it asks again after a 401."""
    configuration = await load_configuration()
    scheme, _space, token = (await authorization(configuration)).partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
