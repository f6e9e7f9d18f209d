"""What the control answers: the same target seen from there, past the guard."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from raabta.control import Limits
from raabta.model import Measurement
from raabta.wire.ooni.document import read_measurement
from tests.cases.authority import issue, self_signed
from tests.cases.controls import FORBIDDEN, PATIENT, SECOND, TARGET, a_control, a_site
from tests.cases.loopback import page, says

HOST = "shop.example"
PAGE = page(b"<title>The shop</title> Welcome.")


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


visits: list[str] = []


async def fails_the_test(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Stand at a forbidden address: whoever comes has passed the guard."""
    visits.append("came")


def test_a_good_site_is_looked_up_connected_to_shaken_hands_with_and_read(tmp_path: Path) -> None:
    async def work() -> None:
        async with (
            a_site(says(PAGE), issued=issue(HOST)) as port,
            a_control(tmp_path, names={HOST: [[TARGET]]}, ports=[port]) as bench,
        ):
            status, answer = await bench.post({"http_request": f"https://{HOST}:{port}/", "tcp_connect": []})
        endpoint = f"{TARGET}:{port}"
        assert status == 200
        assert answer["dns"] == {"failure": None, "addrs": [TARGET]}
        assert answer["tcp_connect"] == {endpoint: {"status": True, "failure": None}}
        assert answer["tls_handshake"] == {endpoint: {"server_name": HOST, "status": True, "failure": None}}
        page_seen = answer["http_request"]
        assert (page_seen["status_code"], page_seen["title"], page_seen["failure"]) == (200, "The shop", None)
        assert page_seen["body_length"] == len("<title>The shop</title> Welcome.")
        assert answer["ip_info"] == {TARGET: {"asn": 64500, "flags": 2 | 8}}
        assert answer["x_client"] == {"asn": 64501, "cc": "PK"}
        assert (answer["x_refused"], answer["x_unfinished"]) == ({}, False)

    run(work())


def test_the_answer_is_read_as_the_control_of_a_measurement(tmp_path: Path) -> None:
    async def work() -> dict[str, Any]:
        async with (
            a_site(says(PAGE), issued=issue(HOST)) as port,
            a_control(tmp_path, names={HOST: [[TARGET]]}, ports=[port]) as bench,
        ):
            _, answer = await bench.post({"http_request": f"https://{HOST}:{port}/"})
            return answer

    answer = asyncio.run(work())
    document = {
        "test_name": "web_connectivity",
        "input": f"https://{HOST}/",
        "measurement_start_time": "2026-11-20 09:14:05",
        "probe_asn": "AS64501",
        "probe_cc": "PK",
        "test_keys": {"control": answer, "control_failure": None},
    }
    measurement = read_measurement(json.dumps(document).encode(), file="x", line=1)
    assert isinstance(measurement, Measurement)
    control = measurement.control
    assert control is not None
    assert (control.dns, control.addresses, control.http, control.status) == ("ok", (TARGET,), "ok", 200)
    assert [(item.tcp, item.tls) for item in control.endpoints.values()] == [("ok", "ok")]


def test_a_failure_is_told_in_ooni_words(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_site(says(PAGE), issued=self_signed(HOST)) as port:
            names = {HOST: [[TARGET]], "closed.example": [[SECOND]]}
            async with a_control(tmp_path, names=names, ports=[port]) as bench:
                _, unknown = await bench.post({"http_request": f"https://{HOST}:{port}/"})
                _, closed = await bench.post({"http_request": f"https://closed.example:{port}/"})
                _, nobody = await bench.post({"http_request": f"https://nobody.example:{port}/"})
        assert unknown["http_request"]["failure"] == "ssl_unknown_authority"
        assert closed["tcp_connect"][f"{SECOND}:{port}"] == {"status": False, "failure": "connection_refused"}
        assert closed["http_request"]["failure"] == "connection_refused"
        assert nobody["dns"] == {"failure": "dns_nxdomain_error", "addrs": []}
        assert nobody["http_request"]["failure"] == "dns_nxdomain_error"

    run(work())


def test_refused_end_points_are_told_and_the_good_ones_are_answered(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_site(says(PAGE)) as port, a_control(tmp_path, names={HOST: [[TARGET]]}, ports=[port]) as bench:
            asked = [
                f"10.0.0.1:{port}",
                f"{TARGET}:{port}",
                f"{TARGET}:25",
                "[::1]:80",
                "shop.example:80",
                "x" * 300,
            ]
            _, answer = await bench.post({"http_request": f"http://{HOST}:{port}/", "tcp_connect": asked})
        assert list(answer["tcp_connect"]) == [f"{TARGET}:{port}"]
        assert answer["ip_info"][TARGET]["flags"] == 1 | 2
        assert answer["x_refused"] == {
            f"10.0.0.1:{port}": "private",
            f"{TARGET}:25": "port",
            "[::1]:80": "loopback",
            "shop.example:80": "spelling",
            "x" * 100: "spelling",
        }
        assert answer["http_request"]["status_code"] == 200

    run(work())


def test_end_points_alone_may_be_asked_and_their_number_is_capped(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_site(says(PAGE)) as port:
            limits = Limits(max_endpoints=3)
            async with a_control(tmp_path, ports=[port], limits=limits) as bench:
                asked = [f"127.7.0.{last}:{port}" for last in range(10, 15)]
                _, answer = await bench.post({"http_request": "", "tcp_connect": asked})
        assert list(answer["tcp_connect"]) == asked[:3]
        assert answer["x_refused"] == dict.fromkeys(asked[3:], "count")
        assert (answer["dns"], answer["http_request"]) == (None, None)

    run(work())


def test_a_name_that_leads_inside_is_refused_and_nobody_is_connected_to(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_site(fails_the_test, address=FORBIDDEN) as port:
            names = {HOST: [[FORBIDDEN]], "mixed.example": [[FORBIDDEN, TARGET, "::ffff:127.0.0.9", "::1"]]}
            async with a_site(says(PAGE), port=port), a_control(tmp_path, names=names, ports=[port]) as bench:
                _, inside = await bench.post({"http_request": f"http://{HOST}:{port}/"})
                _, mixed = await bench.post({"http_request": f"http://mixed.example:{port}/"})
        assert inside["dns"] == {"failure": "dns_bogon_error", "addrs": []}
        assert (inside["x_refused"], inside["tcp_connect"]) == ({HOST: "loopback"}, {})
        assert inside["http_request"] is None
        assert mixed["dns"]["addrs"] == [TARGET]
        assert list(mixed["tcp_connect"]) == [f"{TARGET}:{port}"]
        assert mixed["http_request"]["status_code"] == 200
        assert visits == []

    run(work())


def test_a_name_that_changes_its_answer_is_connected_to_where_it_was_judged(tmp_path: Path) -> None:
    """DNS rebinding: the first answer is public, every later one is inside. There is no later one for this question."""

    async def work() -> None:
        async with a_site(fails_the_test, address=FORBIDDEN) as port:
            again = says(page(b"", status="302 Found", headers=f"Location: http://{HOST}:{port}/again\r\n"))
            names = {HOST: [[TARGET], [FORBIDDEN]]}
            async with a_site(again, port=port), a_control(tmp_path, names=names, ports=[port]) as bench:
                _, first = await bench.post({"http_request": f"http://{HOST}:{port}/"})
                asked = list(bench.asked)
                _, second = await bench.post({"http_request": f"http://{HOST}:{port}/"})
        assert first["http_request"]["failure"] == "unknown_failure: stopped after too many redirects"
        assert sorted(asked) == [f"{HOST} A", f"{HOST} AAAA"]
        assert (second["tcp_connect"], second["x_refused"]) == ({}, {HOST: "loopback"})
        assert visits == []

    run(work())


def test_a_redirect_is_followed_to_public_places_only(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_site(fails_the_test, address=FORBIDDEN) as port:
            locations = [
                f"http://{FORBIDDEN}:{port}/",
                f"http://inside.example:{port}/",
                f"http://[::ffff:127.0.0.9]:{port}/",
                f"http://2130706441:{port}/",
                f"//127.9:{port}/",
                f"http://{HOST}:{port}@127.0.0.9:{port}/",
                f"http://{TARGET}:25/",
                "http://169.254.169.254/latest/meta-data/",
                "gopher://127.0.0.9:70/",
                "http://localhost/",
            ]
            names = {HOST: [[TARGET]], "inside.example": [[FORBIDDEN]]}
            async with a_control(tmp_path, names=names, ports=[port]) as bench:
                for location in locations:
                    sends = says(page(b"", status="302 Found", headers=f"Location: {location}\r\n"))
                    async with a_site(sends, port=port):
                        _, answer = await bench.post({"http_request": f"http://{HOST}:{port}/"})
                    assert len(answer["x_refused"]) == 1, location
                    assert answer["http_request"]["status_code"] in (302, -1), location
        assert visits == []

    run(work())


def test_a_redirect_to_another_public_host_is_followed_with_a_lookup_of_its_own(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_site(says(PAGE), address=SECOND, issued=issue("www.shop.example")) as port:
            leads = says(page(b"", status="301 Moved", headers=f"Location: https://www.shop.example:{port}/x y\r\n"))
            names = {HOST: [[TARGET]], "www.shop.example": [[SECOND]]}
            async with a_site(leads, port=port), a_control(tmp_path, names=names, ports=[port]) as bench:
                _, answer = await bench.post({"http_request": f"http://{HOST}:{port}/"})
        assert (answer["http_request"]["status_code"], answer["http_request"]["title"]) == (200, "The shop")

    run(work())


def test_a_silent_site_ends_with_the_deadline_and_what_is_known_is_told(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass

    async def work() -> None:
        async with a_site(silent) as port:
            deadlines = msgspec.structs.replace(PATIENT, measure_s=1.2)
            async with a_control(tmp_path, names={HOST: [[TARGET]]}, ports=[port], deadlines=deadlines) as bench:
                _, answer = await bench.post({"http_request": f"http://{HOST}:{port}/"})
        assert answer["x_unfinished"] is True
        assert answer["tcp_connect"][f"{TARGET}:{port}"]["status"] is True
        assert answer["ip_info"][TARGET]["flags"] == 2

    run(work())


def test_http3_is_discovered_and_quic_is_tried_where_asked(tmp_path: Path) -> None:
    async def work() -> None:
        offers = says(page(b"x", headers='Alt-Svc: h3-29=":1", h3=":8443"; ma=1\r\n'))
        async with (
            a_site(offers, issued=issue(HOST)) as port,
            a_control(tmp_path, names={HOST: [[TARGET]]}, ports=[port]) as bench,
        ):
            url = f"https://{HOST}:{port}/"
            _, plain = await bench.post({"http_request": url})
            _, quic = await bench.post({"http_request": url, "x_quic_enabled": True})
        assert plain["http_request"]["discovered_h3_endpoint"] == f"{HOST}:8443"
        assert plain["quic_handshake"] == {}
        assert quic["quic_handshake"][f"{TARGET}:{port}"]["status"] is False

    run(work())
