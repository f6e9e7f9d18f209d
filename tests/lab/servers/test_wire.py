"""Servers on loopback, met by clients that know nothing of them: OpenSSL, curl, dnspython, aioquic."""

import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import dns.message
import dns.query
import pytest
from curl_cffi import CurlHttpVersion, CurlOpt, requests

from raabta.lab.scenario.types import Condition, Target
from raabta.lab.world.country import Country
from tests.lab.servers.ground import SILENCE_S, WAIT_S, Ground, country_of, doors_at, get_over

Serve = Callable[[Country], Ground]
SHOP = "198.19.0.10"


def sick(kind: str) -> Country:
    return country_of(condition=[Condition(kind=kind)])


def curl(
    ground: Ground, address: str, host: str, *, version: CurlHttpVersion, body: bytes | None = None
) -> requests.Response:
    """A request by curl, which checks certificates against the lab's authority."""
    at, port = ground.end(address, 443)
    path = "/dns-query" if body is not None else "/"
    return requests.request(
        "POST" if body is not None else "GET",
        f"https://{host}:{port}{path}",
        data=body,
        http_version=version,
        timeout=WAIT_S,
        curl_options={CurlOpt.RESOLVE: [f"{host}:{port}:{at}"], CurlOpt.CAINFO: ground.trust_file},
    )


def test_tls_and_plain_http_serve_the_same_page_with_the_true_date(serve: Serve) -> None:
    ground = serve(country_of(Target(name="shop", page_bytes=20_000)))
    plain = ground.get(SHOP, "shop.example")
    secure = ground.get(SHOP, "shop.example", port=443)
    assert plain[0] == secure[0] == 200
    assert plain[2] == secure[2]
    assert len(plain[2]) == 20_000
    date = parsedate_to_datetime(plain[1]["date"])
    assert abs(date - datetime.now(UTC)) < timedelta(seconds=3)


def test_one_connection_carries_several_requests(serve: Serve) -> None:
    ground = serve(country_of())
    with ground.open_tls(SHOP, "shop.example") as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n" * 2)
        status, _, rest = get_over(sock, "shop.example")
    assert status == 200
    assert rest.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("version", [CurlHttpVersion.V1_1, CurlHttpVersion.V2TLS])
def test_curl_gets_128_kb_over_either_version(serve: Serve, version: CurlHttpVersion) -> None:
    ground = serve(country_of(Target(name="shop", page_bytes=128_000)))
    got = curl(ground, SHOP, "shop.example", version=version)
    assert (got.status_code, len(got.content)) == (200, 128_000)
    assert got.http_version == (2 if version == CurlHttpVersion.V1_1 else 3)


def test_a_server_without_h2_does_not_agree_to_it(serve: Serve) -> None:
    ground = serve(country_of(Target(name="shop", h2=False)))
    with ground.open_tls(SHOP, "shop.example", alpn=("h2", "http/1.1")) as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize(("offer", "version"), [("1.2", "TLSv1.2"), ("1.3", "TLSv1.3"), ("both", "TLSv1.3")])
def test_a_server_speaks_the_versions_of_its_row(serve: Serve, offer: str, version: str) -> None:
    ground = serve(country_of(Target(name="shop", tls=offer)))  # type: ignore[arg-type]
    with ground.open_tls(SHOP, "shop.example") as sock:
        assert sock.version() == version


def test_an_unknown_name_gets_the_neutral_certificate(serve: Serve) -> None:
    ground = serve(country_of())
    assert ground.get(SHOP, "neutral.example", port=443)[0] == 200
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        ground.open_tls(SHOP, "unknown.example")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("expired_certificate", "certificate has expired"),
        ("future_certificate", "certificate is not yet valid"),
        ("wrong_certificate", "Hostname mismatch"),
        ("self_signed_certificate", "self-signed certificate"),
        ("unknown_authority", "unable to get local issuer certificate"),
    ],
)
def test_openssl_names_what_is_wrong_with_a_certificate(serve: Serve, kind: str, words: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        serve(sick(kind)).open_tls(SHOP, "shop.example")


def test_a_silent_server_accepts_and_says_nothing(serve: Serve) -> None:
    ground = serve(sick("server_silent"))
    for port in (80, 443):
        with ground.connect(SHOP, port) as sock:
            sock.settimeout(SILENCE_S)
            sock.sendall(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n" if port == 80 else client_hello())
            with pytest.raises(TimeoutError):
                sock.recv(1)


def test_a_resetting_server_resets_after_the_first_message(serve: Serve) -> None:
    ground = serve(sick("server_resets"))
    with pytest.raises(ConnectionResetError):
        ground.open_tls(SHOP, "shop.example")
    with pytest.raises(ConnectionResetError):
        ground.get(SHOP, "shop.example")


def test_a_closing_server_closes_after_the_first_message(serve: Serve) -> None:
    ground = serve(sick("server_closes"))
    with pytest.raises(ssl.SSLEOFError):
        ground.open_tls(SHOP, "shop.example")
    with ground.connect(SHOP, 80) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        assert sock.recv(1) == b""


def test_an_alerting_server_sends_handshake_failure(serve: Serve) -> None:
    with pytest.raises(ssl.SSLError, match="alert handshake failure"):
        serve(sick("server_alert")).open_tls(SHOP, "shop.example")


def test_a_hello_in_two_pieces_is_one_hello(serve: Serve) -> None:
    ground = serve(country_of())
    hello = client_hello()
    with ground.connect(SHOP, 443) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(hello[:60])
        sock.sendall(hello[60:])
        assert sock.recv(1) == b"\x16"


def test_what_is_no_tls_is_closed(serve: Serve) -> None:
    with serve(country_of()).connect(SHOP, 443) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert sock.recv(1) == b""


def test_a_truncated_page_ends_in_its_middle(serve: Serve) -> None:
    ground = serve(sick("truncated_page"))
    _, fields, body = ground.get(SHOP, "shop.example")
    assert (int(fields["content-length"]), len(body)) == (6_000, 3_000)
    with pytest.raises(requests.exceptions.RequestException):
        curl(ground, SHOP, "shop.example", version=CurlHttpVersion.V2TLS)


def test_a_slow_server_waits_before_its_first_byte(serve: Serve) -> None:
    ground = serve(country_of(condition=[Condition(kind="slow_server", seconds=0.3)]))
    began_s = time.monotonic()
    assert ground.get(SHOP, "shop.example")[0] == 200
    assert curl(ground, SHOP, "shop.example", version=CurlHttpVersion.V2TLS).status_code == 200
    assert time.monotonic() - began_s >= 0.6


def test_a_refusing_server_has_no_door() -> None:
    assert doors_at(sick("server_refuses"), SHOP) == []


def test_part_of_a_pool_is_dead_and_the_rest_answers(serve: Serve) -> None:
    pool = Target(name="shop", n_addresses=2)
    ground = serve(country_of(pool, condition=[Condition(kind="partial_pool", share=0.5)]))
    with socket.socket() as sock:
        sock.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            sock.connect(ground.end(SHOP, 443))
    assert ground.get("198.19.0.11", "shop.example")[0] == 200


def test_the_portal_check_answers_204(serve: Serve) -> None:
    ground = serve(country_of())
    status, _, body = ground.get("198.19.252.2", "portal.check.example", "/generate_204")
    assert (status, body) == (204, b"")


def test_the_controls_anchor_has_a_certificate_for_any_name(serve: Serve) -> None:
    ground = serve(country_of())
    assert ground.get("198.19.250.11", "whatever.example", port=443)[0] == 200


def test_the_block_page_server_is_nobodys_site(serve: Serve) -> None:
    ground = serve(country_of())
    assert b"Surf Safely!" in ground.get("198.18.10.80", "shop.example")[2]
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
        ground.open_tls("198.18.10.80", "shop.example")


def test_an_operators_cache_has_the_true_certificate(serve: Serve) -> None:
    ground = serve(country_of(condition=[Condition(kind="access_cache")]))
    cached = ground.get("198.18.10.81", "shop.example", port=443)
    assert cached[2] == ground.get(SHOP, "shop.example", port=443)[2]


def test_every_transport_of_the_public_resolver_over_udp_and_tcp_gives_the_same_answer(serve: Serve) -> None:
    ground = serve(country_of())
    query = dns.message.make_query("shop.example", "A")
    at, name = "198.19.251.53", "dns.resolver.example"
    host, port = ground.end(at, 53, udp=True)
    answers = [dns.query.udp(query, host, port=port, timeout=WAIT_S)]
    host, port = ground.end(at, 53)
    answers.append(dns.query.tcp(query, host, port=port, timeout=WAIT_S))
    host, port = ground.end(at, 853)
    trust = ground.trust_file
    answers.append(dns.query.tls(query, host, port=port, timeout=WAIT_S, server_hostname=name, verify=trust))
    for version in (CurlHttpVersion.V1_1, CurlHttpVersion.V2TLS):
        got = curl(ground, at, name, version=version, body=query.to_wire())
        assert got.headers["content-type"] == "application/dns-message"
        answers.append(dns.message.from_wire(got.content))
    assert {str(answer.answer[0][0]) for answer in answers} == {SHOP}


def client_hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="shop.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()
