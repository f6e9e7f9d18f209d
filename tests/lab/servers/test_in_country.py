"""Servers in a country's namespaces: what needs more than loopback. Everything runs in a lab of its own."""

import contextlib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest

from raabta.lab.needs import SYSTEM_PATHS
from raabta.lab.scenario.types import Condition, Interference, Target
from raabta.lab.servers import Authority, start_servers
from raabta.lab.world.build import LabUnavailableError, build
from raabta.lab.world.country import Country
from raabta.lab.world.namespaces import enter, mount_tmpfs
from tests.lab.conftest import Inside
from tests.lab.servers.ground import WAIT_S, country_of, get_over

FOLDER = Path("/run/authority")


def now() -> datetime:
    return datetime.now(UTC)


@contextlib.contextmanager
def running(country: Country) -> Iterator[Authority]:
    FOLDER.mkdir()
    authority = Authority(FOLDER, now_at=now())
    (FOLDER / "trust.pem").write_text(authority.trust_pem)
    with build(country), start_servers(country, enter=enter, authority=authority, now=now):
        yield authority


def issuer_seen(address: str, name: str, *, client: str = "client0") -> str:
    """Common name of the leaf's issuer that a client of the country sees."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with enter(client):
        sock = socket.create_connection((address, 443), timeout=WAIT_S)
    with context.wrap_socket(sock, server_hostname=name) as tls:
        shown = ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True) or b"")
    words = ["openssl", "x509", "-noout", "-issuer", "-nameopt", "multiline"]
    said = subprocess.run(words, input=shown, capture_output=True, text=True, check=True, timeout=WAIT_S).stdout
    return said.rpartition("commonName")[2].strip(" =\n")


def page_over(
    address: str, host: str, *, tls: Authority | None = None, client: str = "client0", port: int = 0
) -> tuple[int, bytes]:
    """Status and page that a client of the country gets, at the usual port unless told."""
    with enter(client):
        sock = socket.create_connection((address, port or (443 if tls else 80)), timeout=WAIT_S)
    if tls is None:
        with sock:
            status, _, body = get_over(sock, host)
        return status, body
    context = ssl.create_default_context(cadata=tls.trust_pem)
    with context.wrap_socket(sock, server_hostname=host) as secure:
        status, _, body = get_over(secure, host)
    return status, body


def redirect_to_interception(country: Country) -> None:
    rules = "".join(
        f'add rule ip nat pre iifname "down" ip daddr 198.19.0.0/16 tcp dport {port} redirect to :{local}\n'
        for port, local in ((443, 8443), (80, 8080))
    )
    table = "add table ip nat\nadd chain ip nat pre { type nat hook prerouting priority -100 ; }\n"
    with enter("access0"):
        subprocess.run(["nft", "-f", "-"], input=table + rules, text=True, check=True, timeout=WAIT_S)


def intercept(action: str, trigger: str) -> dict[str, Any]:
    rule = Interference(action=action, trigger=trigger, targets=["shop"])
    country = country_of(Target(name="shop"), Target(name="bank"), interference=[rule])
    with running(country) as authority:
        redirect_to_interception(country)
        return {
            "shop": issuer_seen("198.19.0.10", "shop.example"),
            "other name there": issuer_seen("198.19.0.10", "neutral.example"),
            "bank": issuer_seen("198.19.1.10", "bank.example"),
            "bank's page": page_over("198.19.1.10", "bank.example", tls=authority)[0],
            "shop's notice in clear": "Surf Safely!" in page_over("198.19.0.10", "shop.example")[1].decode(),
            "bank in clear": page_over("198.19.1.10", "bank.example")[0],
        }


LAB_ISSUER = "Lab Issuing CA E1"
UNTOUCHED = {"bank": LAB_ISSUER, "bank's page": 200, "shop's notice in clear": True, "bank in clear": 200}


@pytest.mark.parametrize(
    ("action", "issuer"),
    [("mitm_self", "shop.example"), ("mitm_ca", "Gateway Inspection CA"), ("mitm_name", LAB_ISSUER)],
)
def test_interception_by_name_leaves_other_names_alone(
    lab: Inside, require: Callable[..., None], action: str, issuer: str
) -> None:
    require("nft", "openssl")
    assert lab.call(intercept, action, "sni") == UNTOUCHED | {"shop": issuer, "other name there": LAB_ISSUER}


def test_interception_by_address_takes_every_name_there(lab: Inside, require: Callable[..., None]) -> None:
    require("nft", "openssl")
    issuer = "Gateway Inspection CA"
    assert lab.call(intercept, "mitm_ca", "address") == UNTOUCHED | {"shop": issuer, "other name there": issuer}


def whole() -> dict[str, Any]:
    country = country_of(Target(name="shop"), condition=[Condition(kind="geo_page")])
    query = dns.message.make_query("shop.example", "A")
    with running(country) as authority:
        with enter("client0"):
            operator = dns.query.udp(query, "198.18.10.53", timeout=WAIT_S)
            public = dns.query.tcp(query, "198.19.251.53", timeout=WAIT_S)
        return {
            "operator's resolver": str(operator.answer[0][0]),
            "public resolver": str(public.answer[0][0]),
            "here": page_over("198.19.0.10", "shop.example", tls=authority)[0],
            "from the control": page_over("198.19.0.10", "shop.example", tls=authority, client="control")[0],
            "control's page": page_over("198.19.250.10", "control.example", tls=authority)[0],
        }


def test_a_country_has_resolvers_servers_and_a_control_that_is_not_refused(lab: Inside) -> None:
    assert lab.call(whole) == {
        "operator's resolver": "198.19.0.10",
        "public resolver": "198.19.0.10",
        "here": 403,
        "from the control": 200,
        "control's page": 200,
    }


def control_port(kind: str) -> str:
    with running(country_of(condition=[Condition(kind=kind)])), enter("client0"):
        try:
            socket.create_connection(("198.19.250.10", 443), timeout=WAIT_S).close()
        except OSError as error:
            return type(error).__name__
    return "open"


def test_a_control_that_is_down_refuses_connections(lab: Inside) -> None:
    assert lab.call(control_port, "control_down") == "ConnectionRefusedError"
    assert lab.call(control_port, "control_refused") == "open"


def left_after_close() -> list[str]:
    country = country_of(Target(name="shop", server="nginx"))
    with running(country):
        assert names_of_processes() != []
    return names_of_processes()


def names_of_processes() -> list[str]:
    """Names of all processes of this lab but this one."""
    found = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and entry.name != "1"]
    return [(entry / "comm").read_text().strip() for entry in found]


def test_nothing_is_left_when_servers_are_closed(lab: Inside, require: Callable[..., None]) -> None:
    require("nginx")
    assert lab.call(left_after_close) == []


def debian(server: str) -> dict[str, Any]:
    target = Target(name="shop", server=server, page_bytes=40_000)  # type: ignore[arg-type]
    with running(country_of(target)) as authority:
        secure, plain = (
            page_over("198.19.0.10", "shop.example", tls=authority),
            page_over("198.19.0.10", "shop.example"),
        )
        neutral = page_over("198.19.0.10", "neutral.example", tls=authority)
        return {
            "status": secure[0],
            "bytes": len(secure[1]),
            "same in clear": secure == plain,
            "neutral": (neutral[0], len(neutral[1])),
            "h2": curl("shop.example", "--http2"),
            "h1": curl("shop.example", "--http1.1"),
        }


def curl(host: str, version: str) -> str:
    words = ["curl", "-sS", version, "--cacert", str(FOLDER / "trust.pem"), "--resolve", f"{host}:443:198.19.0.10"]
    words += ["-o", "/dev/null", "-w", "%{http_version} %{size_download}", f"https://{host}/"]
    with enter("client0"):
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=WAIT_S).stdout


@pytest.mark.parametrize("server", ["nginx", "caddy"])
def test_debians_web_servers_serve_what_ours_would(lab: Inside, require: Callable[..., None], server: str) -> None:
    require(server, "curl")
    assert lab.call(debian, server) == {
        "status": 200,
        "bytes": 40_000,
        "same in clear": True,
        "neutral": [200, 40_000],
        "h2": "2 40000",
        "h1": "1.1 40000",
    }


def debian_ports(server: str) -> dict[str, tuple[int, int]]:
    targets = [
        Target(name="shop", server=server, url="https://shop.example:8443/"),  # type: ignore[arg-type]
        Target(name="news", server=server, url="http://news.example:8080/"),  # type: ignore[arg-type]
    ]
    with running(country_of(*targets)) as authority:
        pages = {
            "shop": page_over("198.19.0.10", "shop.example", tls=authority, port=8443),
            "shop, usual": page_over("198.19.0.10", "shop.example", tls=authority),
            "news": page_over("198.19.1.10", "news.example", port=8080),
            "news, usual": page_over("198.19.1.10", "news.example"),
        }
        return {name: (status, len(body)) for name, (status, body) in pages.items()}


@pytest.mark.parametrize("server", ["nginx", "caddy"])
def test_debians_web_servers_serve_at_the_port_of_the_url_too(
    lab: Inside, require: Callable[..., None], server: str
) -> None:
    require(server)
    page = [200, 6_000]
    assert lab.call(debian_ports, server) == {"shop": page, "shop, usual": page, "news": page, "news, usual": page}


def debian_certificate(server: str, kind: str) -> str:
    target = Target(name="shop", server=server)  # type: ignore[arg-type]
    with running(country_of(target, condition=[Condition(kind=kind)])) as authority:
        try:
            page_over("198.19.0.10", "shop.example", tls=authority)
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
    return "valid"


@pytest.mark.parametrize("server", ["nginx", "caddy"])
def test_debians_web_servers_show_the_certificate_of_the_condition(
    lab: Inside, require: Callable[..., None], server: str
) -> None:
    require(server)
    assert lab.call(debian_certificate, server, "expired_certificate") == "certificate has expired"


def ask_unbound() -> dict[str, str]:
    targets = (Target(name="dns", server="unbound"), Target(name="shop"), Target(name="gone"))
    query = dns.message.make_query("shop.example", "A")
    gone = dns.message.make_query("gone.example", "A")
    trust = str(FOLDER / "trust.pem")
    with running(country_of(*targets, condition=[Condition(kind="nxdomain", targets=["gone"])])), enter("client0"):
        at = "198.19.0.10"
        answers = {
            "udp": dns.query.udp(query, at, timeout=WAIT_S),
            "tcp": dns.query.tcp(query, at, timeout=WAIT_S),
            "dot": dns.query.tls(query, at, timeout=WAIT_S, server_hostname="dns.example", verify=trust),
        }
        said = {name: str(answer.answer[0][0]) for name, answer in answers.items()}
        said["gone"] = dns.query.udp(gone, at, timeout=WAIT_S).rcode().name
        return said


def test_unbound_answers_on_every_transport(lab: Inside, require: Callable[..., None]) -> None:
    require("unbound")
    assert lab.call(ask_unbound) == {
        "udp": "198.19.1.10",
        "tcp": "198.19.1.10",
        "dot": "198.19.1.10",
        "gone": "NXDOMAIN",
    }


def missing() -> str:
    for path in SYSTEM_PATHS:
        mount_tmpfs(Path(path))
    country = country_of(Target(name="shop", server="nginx"))
    FOLDER.mkdir()
    try:
        start_servers(country, enter=enter, authority=Authority(FOLDER, now_at=now()), now=now).close()
    except LabUnavailableError as error:
        return str(error)
    return "started"


def test_a_missing_program_is_a_reason_to_skip(lab: Inside) -> None:
    assert lab.call(missing) == "nginx not found: a target of this scenario is served by it"
