"""Good documents of the nettests that are no single web page."""

import json
from typing import Any, Final

from tests.cases.documents import FOREIGN, SITE, Document, connect, envelope, handshake, lookup, request

META: Final = ("157.240.40.1", "157.240.40.2")
TIMEOUT: Final = "generic_timeout_error"


def urlgetter(url: str = "https://gazette.example/") -> Document:
    """One target, without a helper."""
    host = url.partition("://")[2].partition("/")[0]
    keys = {
        "queries": [lookup(host, SITE[0])],
        "tcp_connect": [connect(SITE[0])],
        "tls_handshakes": [handshake(SITE[0], host)],
        "requests": [request(url)],
        "failure": None,
    }
    return envelope("urlgetter", keys, asked=url, version="0.2.0")


def signal(hosts: tuple[str, ...] = ("chat.example", "storage.example", "keys.example")) -> Document:
    """Each host has an address of its own."""
    addresses = {host: f"5.9.40.{number}" for number, host in enumerate(hosts, 1)}
    keys = {
        "queries": [lookup(host, address) for host, address in addresses.items()],
        "tcp_connect": [connect(address) for address in addresses.values()],
        "tls_handshakes": [handshake(address, host) for host, address in addresses.items()],
        "requests": [request(f"https://{host}/") for host in hosts],
        "signal_backend_status": "ok",
    }
    return envelope("signal", keys, version="0.2.0")


def telegram(failure: str | None = None) -> Document:
    """Ten data centres given as addresses, and a web page. ``failure`` is what connections to the centres meet."""
    centres = [f"149.154.175.{number}" for number in range(1, 6)]
    web = "web.example"
    keys = {
        "queries": [lookup(web, FOREIGN)],
        "tcp_connect": [
            *(connect(address, port, failure) for address in centres for port in (80, 443)),
            connect(FOREIGN, 443),
        ],
        "tls_handshakes": [handshake(FOREIGN, web)],
        "requests": [
            *(request(f"http://{address}/", failure=failure) for address in centres),
            request(f"https://{web}/"),
        ],
        "telegram_tcp_blocking": failure is not None,
    }
    return envelope("telegram", keys, version="0.3.0")


def whatsapp(failure: str | None = None) -> Document:
    """Chat servers of one site with two addresses each, and a registration page of another."""
    servers = {f"e{number}.chat.example": [f"5.9.41.{number}", f"5.9.42.{number}"] for number in range(1, 6)}
    page = "v.page.invalid"
    keys = {
        "queries": [*(lookup(host, *found) for host, found in servers.items()), lookup(page, FOREIGN)],
        "tcp_connect": [
            *(connect(address, 5222, failure) for found in servers.values() for address in found),
            connect(FOREIGN, 443),
        ],
        "tls_handshakes": [handshake(FOREIGN, page)],
        "requests": [request(f"https://{page}/")],
        "whatsapp_endpoints_status": "ok" if failure is None else "blocked",
    }
    return envelope("whatsapp", keys, version="0.11.0")


def facebook_messenger(*addresses: str, failure: str | None = None) -> Document:
    """Names that must resolve to Meta's networks; there is no other control."""
    found = addresses or META
    keys = {
        "queries": [lookup("edge.example", *found)],
        "tcp_connect": [connect(address, 443, failure) for address in found],
    }
    return envelope("facebook_messenger", keys, version="0.2.1")


def tor(*failures: str | None, protocol: str = "or_port_dirauth") -> Document:
    """One relay for each failure."""
    targets = {
        f"5.9.43.{number}:9001": {
            "failure": failure,
            "target_address": f"5.9.43.{number}:9001",
            "target_protocol": protocol,
        }
        for number, failure in enumerate(failures, 1)
    }
    return envelope("tor", {"targets": targets}, version="0.4.1")


def openvpn(*failures: str | None) -> Document:
    """One handshake for each failure."""
    handshakes: list[Document] = [
        {"endpoint": f"openvpn://5.9.44.{number}:1194/udp", "failure": failure, "ip": f"5.9.44.{number}", "port": 1194}
        for number, failure in enumerate(failures, 1)
    ]
    return envelope("openvpn", {"openvpn_handshake": handshakes, "success": None in failures}, version="0.1.6")


def openvpn_of_2022(*, success: bool, failure: str | None = None) -> Document:
    keys = {
        "bootstrap_time": 1.5 if success else 0,
        "failure": failure,
        "remote": "5.9.44.1:443",
        "success_handshake": success,
        "tcp_connect": connect("5.9.44.1", 443),
    }
    return envelope("openvpn", keys, asked="vpn://openvpn.invented/?addr=5.9.44.1:443", version="0.0.18")


def dnscheck(*failures: str | None, scheme: str = "https") -> Document:
    """One lookup through an encrypted resolver for each failure."""
    host = "resolver.example"
    addresses = [f"5.9.45.{number}" for number in range(1, len(failures) + 1)]
    tail, port = ("/dns-query", 443) if scheme == "https" else ("", 853)
    keys: Document = {
        "bootstrap": {"queries": [lookup(host, *addresses)]},
        "bootstrap_failure": None,
        "domain": "gazette.example",
        "lookups": {
            f"{scheme}://{address}:{port}{tail}": {"failure": failure, "queries": []}
            for address, failure in zip(addresses, failures, strict=True)
        },
    }
    return envelope("dnscheck", keys, asked=f"{scheme}://{host}{tail}", version="0.9.2")


def stunreachability(failure: str | None = None) -> Document:
    keys = {"endpoint": "stun.example:3478", "failure": failure}
    return envelope("stunreachability", keys, asked="stun://stun.example:3478", version="0.4.0")


LINES: Final = ("GET / HTTP/QKV\r\n", "HXDP / HTTP/1.1\r\n", "GET / A B HTTP/1.1\r\n")


def request_line(*received: str, failures: tuple[str | None, ...] = (None, None, None)) -> Document:
    """``received`` is what the echo server sent back; without it, what was sent."""
    keys = {
        "failure_list": list(failures),
        "received": list(received or LINES),
        "sent": list(LINES),
        "tampering": bool(received) and list(received) != list(LINES),
    }
    return envelope("http_invalid_request_line", keys, version="0.2.0")


def headers(*received: str) -> Document:
    """``received`` is the names of headers as the echo server got them; without it, those sent."""
    sent = ("aCCepT", "hOsT", "UsEr-aGenT")
    step = request("http://5.9.46.1:80")
    step["request"]["headers"] = dict.fromkeys(sent, "x")
    echo: dict[str, Any] = {
        "headers_dict": {name: ["x"] for name in received or sent},
        "request_line": "GeT / HTTP/1.1",
    }
    step["response"] = {"body": json.dumps(echo), "code": 200, "headers": {}}
    return envelope("http_header_field_manipulation", {"requests": [step]}, version="0.2.0")


def ndt(*, min_rtt_ms: float = 60.0, retransmitted: float = 0.01) -> Document:
    summary = {"download": 21000.5, "min_rtt": min_rtt_ms, "retransmit_rate": retransmitted, "upload": 9000.25}
    return envelope("ndt", {"failure": None, "protocol": 7, "summary": summary}, version="0.10.0")


def dash(failure: str | None = None) -> Document:
    simple = {"connect_latency": 0.05, "median_bitrate": 3000, "min_playout_delay": 0.5}
    return envelope("dash", {"failure": failure, "simple": simple if failure is None else None}, version="0.13.0")
