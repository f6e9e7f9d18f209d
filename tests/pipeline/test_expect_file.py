"""Reading what is to be tested: URLs, the file of a probe peer, what is wrong with them. Keys are never repeated."""

import base64
import re
from pathlib import Path
from typing import Final

import pytest

from raabta.pipeline.expect_file import own_keys, read_plan
from raabta.wire.wireguard import public_key

PRIVATE: Final = bytes(range(32))
OTHER: Final = bytes(range(32, 64))
STATIC: Final = "-----BEGIN OpenVPN Static key V1-----\n{}\n-----END OpenVPN Static key V1-----\n".format("ab" * 256)


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


KEYS: Final = f'private_key = "{text(PRIVATE)}"\npublic_key = "{text(public_key(OTHER))}"\n'
WHOLE: Final = f"""
probe_peer = true
name = "e-7k2m"
[endpoint]
url = "wireguard://vpn.example:51820"
{KEYS}
[[twin]]
url = "wireguard://twin.example:443"
{KEYS}preshared_key = "{text(OTHER)}"
[line]
url = "tcp://control.example"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "probe.toml"
    place.write_text(WHOLE)
    place.chmod(0o600)
    return place


def test_a_file_says_all(file: Path) -> None:
    plan = read_plan(file, url="", asn=64601)
    assert (plan.label, plan.endpoint.host, plan.endpoint.port, plan.asn) == ("e-7k2m", "vpn.example", 51820, 64601)
    assert [(twin.host, twin.port) for twin in plan.twins] == [("twin.example", 443)]
    assert plan.twins[0].wireguard is not None
    assert plan.twins[0].wireguard.preshared_key == OTHER
    assert plan.line is not None
    assert (plan.line.host, plan.line.port, plan.line.protocol) == ("control.example", 443, "tcp")
    assert own_keys(plan) == (public_key(PRIVATE),) * 2


def test_urls_of_the_command_line_come_first_with_the_files_keys(file: Path) -> None:
    plan = read_plan(file, url="wireguard://192.0.2.9:1", twins=("wireguard://192.0.2.10",), line="tcp://192.0.2.11:80")
    assert (plan.endpoint.host, plan.endpoint.port, plan.twins[0].host, plan.twins[0].port) == (
        "192.0.2.9",
        1,
        "192.0.2.10",
        51820,
    )
    assert plan.endpoint.wireguard is not None
    assert plan.line is not None
    assert plan.line.port == 80


def test_openvpn_without_a_static_key_needs_no_file_and_is_named_without_its_address() -> None:
    plan = read_plan(None, url="openvpn+tcp://192.0.2.9:443", twins=("openvpn+tcp://192.0.2.10:443",))
    assert (plan.endpoint.transport, plan.endpoint.openvpn.wrap) == ("tcp", "plain")
    assert plan.label.startswith("openvpn+tcp/")
    assert "192.0.2" not in plan.label
    assert read_plan(None, url="openvpn://192.0.2.9", twins=("openvpn://192.0.2.10",)).endpoint.port == 1194


def test_static_keys_stand_in_files_beside(tmp_path: Path) -> None:
    (tmp_path / "ta.key").write_text(STATIC)
    file = tmp_path / "p.toml"
    file.write_text(
        'probe_peer = true\n[endpoint]\nurl = "openvpn://192.0.2.9"\ntls_auth = "ta.key"\ndigest = "SHA256"\n'
        'key_direction = 1\n[[twin]]\nurl = "openvpn://192.0.2.10"\ntls_crypt = "ta.key"\n'
    )
    file.chmod(0o600)
    plan = read_plan(file, url="")
    assert (plan.endpoint.openvpn.wrap, plan.endpoint.openvpn.digest) == ("tls_auth", "sha256")
    assert (plan.twins[0].openvpn.wrap, plan.twins[0].openvpn.key) == ("tls_crypt", b"\xab" * 256)


def test_a_file_that_others_may_read_is_refused(file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        read_plan(file, url="")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("probe_peer = true", "probe_peer = false", "does not say probe_peer = true"),
        ("probe_peer = true", "", "does not say probe_peer = true"),
        (text(PRIVATE), text(PRIVATE)[:-4], "private_key: this is no WireGuard key"),
        ("[[twin]]\n", "[[twin]]\nkey = 1\n", "unknown field `key`"),
        ("wireguard://twin.example:443", "openvpn://twin.example:443", "speaks another protocol"),
        ("wireguard://twin.example:443", "wireguard://vpn.example:51820", "the twin is the end point itself"),
        ("wireguard://vpn.example:51820", "wireguard://vpn.example:0", "write it like"),
        ("wireguard://vpn.example:51820", "http://vpn.example", "write it like"),
        ("wireguard://vpn.example:51820", "wireguard://vpn.example:51820/path", "write it like"),
        ("tcp://control.example", "wireguard://control.example", "is a tunnel"),
        ("probe_peer", "probe_peer = 1 2", "Expected newline"),
    ],
)
def test_what_is_wrong_is_said_without_keys(file: Path, old: str, new: str, says: str) -> None:
    file.write_text(WHOLE.replace(old, new))
    with pytest.raises(ValueError, match=re.escape(says)) as refused:
        read_plan(file, url="")
    assert text(PRIVATE)[:-4] not in str(refused.value)


def test_what_is_missing_is_said(file: Path) -> None:
    for url, twins, says in (
        ("", (), "no end point is named"),
        ("openvpn://192.0.2.9", (), "no twin is named"),
        ("wireguard://192.0.2.9", ("wireguard://192.0.2.10",), "--expect-file"),
        ("tcp://192.0.2.9", ("tcp://192.0.2.10",), "that is no tunnel"),
    ):
        with pytest.raises(ValueError, match=says):
            read_plan(None, url=url, twins=twins)
    with pytest.raises(FileNotFoundError):
        read_plan(file.parent / "nowhere.toml", url="")
