"""OONI measurement documents made in code: one good document a nettest, and the tools to change one fact in it.

Hosts are invented (``.example``). Addresses are public, since documentation addresses would rightly count as bogons;
who has them is of no matter, only that the site's, the foreign and the operator's lie in three networks.
"""

import copy
import json
import re
from typing import Any, Final

Document = dict[str, Any]

OPERATOR_ASN: Final = 17557
SITE: Final = ("5.9.40.1", "5.9.40.2")
SITE_V6: Final = "2a01:4f8:40::1"
FOREIGN: Final = "51.15.40.1"
OPERATOR: Final = "39.32.40.1"
MEASURED_AT: Final = "2026-11-20 09:14:05"
PAGE: Final = "<html><head><title>Daily Gazette of Quetta</title></head><body>" + "news " * 400 + "</body></html>"


def envelope(test_name: str, test_keys: Document | None, *, asked: Any = None, version: str = "0.2.0") -> Document:
    return {
        "data_format_version": "0.2.0",
        "input": asked,
        "measurement_start_time": MEASURED_AT,
        "probe_asn": f"AS{OPERATOR_ASN}",
        "probe_cc": "PK",
        "report_id": f"20261120T091405Z_{test_name}_PK_{OPERATOR_ASN}_n1_invented",
        "software_name": "ooniprobe-invented",
        "test_keys": test_keys,
        "test_name": test_name,
        "test_start_time": MEASURED_AT,
        "test_version": version,
    }


# --- parts ----------------------------------------------------------------------------------------------------


def lookup(host: str, *addresses: str, engine: str = "getaddrinfo", failure: str | None = None) -> Document:
    answers = [
        {"answer_type": "AAAA", "ipv6": item} if ":" in item else {"answer_type": "A", "ipv4": item}
        for item in addresses
    ]
    return {"answers": answers or None, "engine": engine, "failure": failure, "hostname": host, "query_type": "ANY"}


def connect(address: str, port: int = 443, failure: str | None = None) -> Document:
    return {"ip": address, "port": port, "status": {"failure": failure, "success": failure is None}, "t": 0.2}


def handshake(address: str, name: str, failure: str | None = None, *, transaction: int = 0) -> Document:
    return {
        "address": endpoint(address, 443),
        "failure": failure,
        "network": "tcp",
        "no_tls_verify": False,
        "peer_certificates": [],
        "server_name": name,
        "t": 0.4,
        "transaction_id": transaction,
    }


def request(
    url: str, *, address: str = "", failure: str | None = None, t: float = 0.6, transaction: int = 0
) -> Document:
    return {
        "address": address,
        "failure": failure,
        "request": {"method": "GET", "url": url, "headers": {}},
        "response": response() if failure is None else {"body": "", "code": 0, "headers": {}},
        "t": t,
        "transaction_id": transaction,
    }


def response(body: str = PAGE, *, code: int = 200, headers: dict[str, str] | None = None) -> Document:
    return {"body": body, "body_is_truncated": False, "code": code, "headers": headers or {"Content-Type": "text/html"}}


def page(title: str, text: str = "") -> str:
    return f"<html><head><title>{title}</title></head><body>{text}</body></html>"


def event(operation: str, t: float, *, transaction: int, num_bytes: int | None = None) -> Document:
    return {"failure": None, "num_bytes": num_bytes, "operation": operation, "t": t, "transaction_id": transaction}


def endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def helper(addresses: tuple[str, ...], *, ports: tuple[int, ...] = (443, 80), tls: bool = True) -> Document:
    """What the test helper saw of a site that works."""
    points = [endpoint(address, port) for address in addresses for port in ports]
    seen: Document = {
        "dns": {"addrs": list(addresses), "failure": None},
        "http_request": {
            "body_length": len(PAGE),
            "failure": None,
            "headers": {"Content-Type": "text/html"},
            "status_code": 200,
            "title": "Daily Gazette of Quetta",
        },
        "tcp_connect": {point: {"failure": None, "status": True} for point in points},
    }
    if tls:
        encrypted = [point for point in points if point.endswith(":443")]
        seen["tls_handshake"] = {point: {"failure": None, "status": True} for point in encrypted}
    return seen


# --- web_connectivity -------------------------------------------------------------------------------------------


def web(
    url: str = "https://gazette.example/", *, addresses: tuple[str, ...] = SITE[:1], at: str | None = None
) -> Document:
    """A site that works, as web_connectivity 0.5 writes it; with ``at`` the plain resolvers answer that instead."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    port = 443 if scheme == "https" else 80
    ours = addresses if at is None else (at,)
    keys = {
        "queries": [
            lookup(host, *ours),
            lookup(host, *ours, engine="udp"),
            lookup(host, *addresses, engine="doh"),
        ],
        "tcp_connect": [connect(address, port) for address in ours],
        "tls_handshakes": [handshake(address, host) for address in ours] if port == 443 else [],
        "requests": [request(url, address=endpoint(ours[0], port))],
        "control": helper(addresses),
        "control_failure": None,
    }
    return envelope("web_connectivity", keys, asked=url, version="0.5.28")


def web_04(url: str = "https://gazette.example/", *, addresses: tuple[str, ...] = SITE[:1]) -> Document:
    """The same as version 0.4 wrote it: one resolver, one port, no helper handshakes, no addresses at requests."""
    document = web(url, addresses=addresses)
    keys = document["test_keys"]
    keys["queries"] = keys["queries"][:1]
    keys["requests"][0]["address"] = None
    keys["control"] = helper(addresses, ports=(443 if url.startswith("https") else 80,), tls=False)
    return {**document, "test_version": "0.4.3"}


def without_handshake(document: Document, failure: str) -> Document:
    """A web document whose handshakes all fail, so that no request could be sent."""
    keys = document["test_keys"]
    failed = [{**step, "failure": failure} for step in keys["tls_handshakes"]]
    return changed(document, {"test_keys.tls_handshakes": failed, "test_keys.requests": []})


def without_connection(document: Document, failure: str) -> Document:
    """A web document whose connections all fail."""
    failed = [connect(step["ip"], step["port"], failure) for step in document["test_keys"]["tcp_connect"]]
    later: Document = {"test_keys.tls_handshakes": [], "test_keys.requests": []}
    return changed(document, {"test_keys.tcp_connect": failed, **later})


def without_page(document: Document, failure: str) -> Document:
    """A web document whose request got no answer."""
    step = document["test_keys"]["requests"][0]
    got = request(step["request"]["url"], address=step["address"], failure=failure)
    return changed(document, {"test_keys.requests": [got]})


def with_page(document: Document, body: str, *, code: int = 200, headers: dict[str, str] | None = None) -> Document:
    """A web document whose request got another page."""
    return changed(document, {"test_keys.requests[0].response": response(body, code=code, headers=headers)})


def without_answer(document: Document, failure: str, *, engines: tuple[str, ...] = ("getaddrinfo",)) -> Document:
    """A web document in which these resolvers fail, so that their addresses come from the others."""
    asked = document["test_keys"]["queries"]
    failed = [
        lookup(step["hostname"], engine=step["engine"], failure=failure) if step["engine"] in engines else step
        for step in asked
    ]
    return changed(document, {"test_keys.queries": failed})


def helper_failed_too(document: Document, failure: str, *, parts: tuple[str, ...]) -> Document:
    """The twin in which the helper met the same: at ``tcp_connect``, ``tls_handshake``, ``http_request``, ``dns``."""
    seen = copy.deepcopy(document["test_keys"]["control"])
    for part in seen.keys() & set(parts):
        if part == "http_request":
            seen[part] = {"body_length": -1, "failure": failure, "headers": {}, "status_code": -1, "title": ""}
        elif part == "dns":
            seen[part] = {"addrs": [], "failure": failure}
        else:
            seen[part] = {point: {"failure": failure, "status": False} for point in seen[part]}
    return changed(document, {"test_keys.control": seen})


def without_helper(document: Document) -> Document:
    return changed(document, {"test_keys.control": None, "test_keys.control_failure": "unknown_failure: timeout"})


def redirecting(first: str, location: str, last: str | None = None, *, final: Document | None = None) -> Document:
    """A web document of a site that redirects. ``last`` is the URL of the final page, if a request for it was sent."""
    document = web(first)
    step = document["test_keys"]["requests"][0]
    hop = {**step, "response": response("", code=302, headers={"Location": location})}
    ended = [] if last is None else [request(last)]
    if final is not None and ended:
        ended[0]["response"] = final
    return changed(document, {"test_keys.requests": [*ended, hop]})


# --- changing and finding -----------------------------------------------------------------------------------------


def changed(document: Document, facts: dict[str, Any]) -> Document:
    """A copy of a document in which the values at some paths are others."""
    copied = copy.deepcopy(document)
    for path, value in facts.items():
        above, _, name = path.rpartition(".")
        place = resolve(copied, above) if above else copied
        index = re.fullmatch(r"(.*)\[(\d+)\]", name)
        if index is None:
            place[name] = value
        else:
            place[index[1]][int(index[2])] = value
    return copied


def resolve(value: Any, path: str) -> Any:
    """The value at a path such as ``test_keys.queries[3]``. Keys may hold dots: the longest key that fits is meant.

    Raises:
        KeyError: The path leads nowhere.
    """
    if not path:
        return value
    if path[0] == "[" and isinstance(value, list):
        index, _, rest = path[1:].partition("]")
        return resolve(value[int(index)], rest)
    if isinstance(value, dict):
        wanted = path.removeprefix(".")
        for key in sorted(value, key=len, reverse=True):
            rest = wanted.removeprefix(key)
            if wanted.startswith(key) and rest[:1] in ("", ".", "["):
                return resolve(value[key], rest)
    raise KeyError(path)


def as_bytes(*documents: Document) -> bytes:
    """Documents as JSON Lines."""
    return b"".join(json.dumps(document, ensure_ascii=False).encode() + b"\n" for document in documents)
