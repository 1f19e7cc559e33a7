import base64
import json
from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from localcluster import kubeconfigs
from localcluster.pki import Authority, KeyPair, token_keys

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("test-ca", NOW)


def certificate(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


def test_authority__its_certificate__may_sign_and_says_so(authority: Authority) -> None:
    found = x509.load_pem_x509_certificate(authority.pem)
    usage = found.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_client__user_and_group__are_common_name_and_organization(authority: Authority) -> None:
    found = certificate(authority.client("system:node:a", NOW, group="system:nodes"))
    assert found.subject.rfc4514_string() == "CN=system:node:a,O=system:nodes"
    found.verify_directly_issued_by(authority.certificate)


def test_client__no_group__has_no_organization(authority: Authority) -> None:
    found = certificate(authority.client("user", NOW))
    assert found.subject.rfc4514_string() == "CN=user"


def test_client__issued_now__is_valid_for_clocks_that_are_behind(authority: Authority) -> None:
    found = certificate(authority.client("user", NOW))
    assert found.not_valid_before_utc < NOW < found.not_valid_after_utc


def test_server__names_and_addresses__are_in_the_certificate(authority: Authority) -> None:
    address = IPv4Address("10.0.0.1")
    pair = authority.server("api", NOW, dns=("localhost",), addresses=(address,))
    names = certificate(pair).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [address]


def test_key_pair__key_and_certificate__belong_together(authority: Authority) -> None:
    pair = authority.client("user", NOW)
    key = load_pem_private_key(pair.key, None)
    assert key.public_key() == certificate(pair).public_key()


def test_token_keys__private_and_public__belong_together() -> None:
    private, public = token_keys()
    assert load_pem_private_key(private, None).public_key() == load_pem_public_key(public)


def test_kubeconfig__rendered__embeds_whom_to_trust_and_who_one_is() -> None:
    text = kubeconfigs.render(
        cluster="c",
        server="https://10.0.0.1:6443",
        authority=b"CA",
        client=KeyPair(key=b"KEY", certificate=b"CERT"),
    )
    config = json.loads(text)
    (cluster,) = config["clusters"]
    (user,) = config["users"]
    assert config["current-context"] == config["contexts"][0]["name"] == "c"
    assert cluster["cluster"]["server"] == "https://10.0.0.1:6443"
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == b"CA"
    assert base64.b64decode(user["user"]["client-key-data"]) == b"KEY"
    assert base64.b64decode(user["user"]["client-certificate-data"]) == b"CERT"
