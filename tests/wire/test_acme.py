"""Which certificates prove an address, and which do not, for one thing that is wrong with them."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from raabta.wire.acme import certificate_fault, reverse_name
from tests.cases.authority import Issued
from tests.cases.proving import acme_certificate

CHALLENGE = "token.key"
ADDRESS = "9.1.2.3"


def fault(issued: Issued, address: str = ADDRESS) -> str | None:
    return certificate_fault(issued.chain[0], address=address, challenge=CHALLENGE)


@pytest.mark.parametrize("address", [ADDRESS, "2a00:1234::1"])
def test_a_certificate_of_the_rfc_proves_the_address(address: str) -> None:
    assert fault(acme_certificate(CHALLENGE, names=(address,)), address) is None


@pytest.mark.parametrize(
    ("issued", "said"),
    [
        pytest.param(acme_certificate("token.other", names=(ADDRESS,)), "another challenge", id="challenge"),
        pytest.param(acme_certificate(CHALLENGE, names=("9.1.2.4",)), "another address", id="address"),
        pytest.param(acme_certificate(CHALLENGE, names=()), "exactly one", id="no-name"),
        pytest.param(acme_certificate(CHALLENGE, names=(ADDRESS, "a.example")), "exactly one", id="a-name-beside"),
        pytest.param(acme_certificate(CHALLENGE, names=("3.2.1.9.in-addr.arpa",)), "exactly one", id="a-name-instead"),
        pytest.param(acme_certificate(CHALLENGE, names=(ADDRESS,), critical=False), "not critical", id="not-critical"),
        pytest.param(
            acme_certificate(CHALLENGE, names=(ADDRESS,), with_identifier=False), "no acmeIdentifier", id="without"
        ),
        pytest.param(
            acme_certificate(CHALLENGE, names=(ADDRESS,), signer=ec.generate_private_key(ec.SECP256R1())),
            "not self-signed",
            id="signed-by-another",
        ),
    ],
)
def test_a_certificate_with_one_thing_wrong_does_not(issued: Issued, said: str) -> None:
    assert said in (fault(issued) or "")


@pytest.mark.parametrize("der", [b"", b"\x30\x82", b"no certificate"])
def test_bytes_that_are_no_certificate_are_a_fault(der: bytes) -> None:
    assert certificate_fault(der, address=ADDRESS, challenge=CHALLENGE) == "the certificate cannot be read"


def test_the_server_name_is_the_reverse_name() -> None:
    assert reverse_name("192.0.2.1") == "1.2.0.192.in-addr.arpa"
    assert reverse_name("2001:db8::1").endswith("8.b.d.0.1.0.0.2.ip6.arpa")
