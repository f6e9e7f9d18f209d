import collections
import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.reference.fingerprints import (
    BODY_MAX_CHARS,
    LINKS_MAX_CHARS,
    Fingerprint,
    Fingerprints,
    fingerprint_sources,
    load_fingerprints,
)
from raabta.reference.special import special_range

ORDINARY_TITLE = "The Daily Example"
TABLE = load_fingerprints()


def page(title: str = ORDINARY_TITLE, body: str = "", status: int = 200, **headers: str) -> str | None:
    """Kind of the fingerprint that a page matches; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found = TABLE.page(title=title, body=body, headers=named, status=status)
    return None if found is None else found.kind


# --- invariants of the table --------------------------------------------------------------------------------


def test_ids_are_unique() -> None:
    counted = collections.Counter(row.id for row in TABLE.rows)
    assert [row_id for row_id, n in counted.items() if n > 1] == []


def test_an_id_starts_with_the_country_of_a_block_page_or_with_the_kind() -> None:
    wrong = [row.id for row in TABLE.rows if not row.id.startswith(f"{(row.country or row.kind).lower()}-")]
    assert wrong == []


def test_only_block_pages_have_a_country_and_all_of_them_do() -> None:
    wrong = [row.id for row in TABLE.rows if (row.kind == "blockpage") != bool(row.country and row.scope)]
    assert wrong == []


def test_every_source_is_named_and_used() -> None:
    assert {row.source for row in TABLE.rows} == set(fingerprint_sources())


def test_days_of_observation_are_days() -> None:
    assert all(dt.date.fromisoformat(row.seen) for row in TABLE.rows if row.seen)


def test_nothing_is_listed_twice() -> None:
    counted = collections.Counter((row.on, row.header, row.value) for row in TABLE.rows)
    assert [key for key, n in counted.items() if n > 1] == []


def test_hosts_are_lower_case_names_without_scheme_or_port() -> None:
    hosts = [row.value.partition("/")[0] for row in TABLE.rows if row.on == "url"]
    assert [host for host in hosts if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host)] == []


def test_special_addresses_are_listed_only_where_a_country_uses_that_very_one() -> None:
    special = {row.value for row in TABLE.rows if row.on == "address" and special_range(row.value)}
    assert special == {"10.10.34.34", "10.10.34.35", "10.10.34.36", "d0::11", "243.185.187.39"}


def test_texts_are_long_enough_not_to_occur_by_chance() -> None:
    assert [row.value for row in TABLE.rows if row.on == "body" and len(row.value) < 10] == []


def test_the_table_covers_many_countries() -> None:
    assert len({row.country for row in TABLE.rows if row.country}) >= 40


# --- addresses, hosts, redirects ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("10.10.34.34", "IR"),
        ("175.139.142.25", "MY"),
        ("195.175.254.2", "TR"),
        ("188.186.157.49", "RU"),
        pytest.param("D0:0::11", "IR", id="any-spelling"),
        pytest.param("103.86.50.16", "TH", id="a-host-that-is-an-address"),
        pytest.param("10.10.34.33", None, id="its-neighbour"),
        pytest.param("127.0.0.1", None, id="loopback"),
        pytest.param("text", None, id="text"),
    ],
)
def test_addresses_of_block_pages_are_known(address: str, country: str | None) -> None:
    found = TABLE.address(address)
    assert (found and found.country) == country


@pytest.mark.parametrize(
    ("host", "row_id"),
    [
        ("lamanlabuh.aduankonten.id", True),
        ("WWW.Warning.or.kr.", True),
        ("notwarning.or.kr", False),
        ("or.kr", False),
        ("airtel.in", False),
        ("", False),
        (".", False),
    ],
)
def test_a_host_is_known_by_itself_or_by_a_domain_above_it(host: str, row_id: bool) -> None:
    assert (TABLE.host(host) is not None) == row_id


@pytest.mark.parametrize(
    ("url", "country"),
    [
        ("http://www.airtel.in/dot/?dpid=1", "IN"),
        ("http://airtel.in:8080/dot", "IN"),
        ("http://airtel.in/dotcom", None),
        ("https://www.airtel.in/", None),
        ("//warning.or.kr", "KR"),
        ("http://user@lawfilter.ertelecom.ru?from=x", "RU"),
        ("https://vk.com/blank.php?rkn=123", "RU"),
        ("/login", None),
        ("", None),
    ],
)
def test_a_redirect_is_known_by_host_and_path(url: str, country: str | None) -> None:
    found = TABLE.redirect(url)
    assert (found and found.country) == country


# --- pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given_page"),
    [
        ("blockpage", {"location": "http://warning.rt.ru/?id=1", "status": 302}),
        ("blockpage", {"server": "Protected by WireFilter 9000"}),
        ("blockpage", {"title": "  AGCOM  Stop page ", "body": "x" * 2000}),
        ("blockpage", {"body": '<iframe src="http://10.10.34.34?type=Invalid"></iframe>'}),
        ("blockpage", {"body": '<iframe src="http://www.airtel.in/dot/"></iframe>'}),
        ("blockpage", {"status": 403, "body": "… prohibited for viewership from within Pakistan …" + " " * 2000}),
        ("blockpage", {"title": "", "body": "Единый реестр доменных имен, указателей страниц сайтов" + " " * 2000}),
        ("challenge", {"title": "Just a moment...", "status": 403, "cf_mitigated": "challenge"}),
        ("challenge", {"title": "Just a moment...", "status": 503}),
        ("challenge", {"title": "Attention Required! | Cloudflare", "status": 403}),
        ("challenge", {"title": "Access Denied", "status": 403, "body": "Reference&#32;&#35;18&#46;2"}),
        ("challenge", {"status": 202, "x_amzn_waf_action": "challenge"}),
        ("challenge", {"status": 403, "body": "<iframe src='/_Incapsula_Resource?x'></iframe>"}),
        ("challenge", {"status": 302, "location": "https://www.google.com/sorry/index?continue=x"}),
        ("geo", {"status": 451}),
        ("geo", {"status": 403, "title": "Access denied", "body": "error code: 1009"}),
        ("captive", {"status": 511}),
        ("captive", {"title": "Hotspot", "body": "<!-- <WISPAccessGatewayParam xmlns:xsi= -->"}),
        ("filter", {"location": "https://block.opendns.com/?url=x", "status": 302}),
        ("parking", {"title": "Account Suspended"}),
        (None, {}),
        (None, {"status": 404, "title": "Not found", "body": "<h1>Not found</h1>"}),
        (None, {"status": 302, "location": "https://www.example.org/"}),
        (None, {"status": 403, "title": "403 Forbidden", "body": "<center>nginx</center>"}),
    ],
)
def test_pages_tell_their_cause(kind: str | None, given_page: dict[str, Any]) -> None:
    assert page(**given_page) == kind


def test_text_of_a_country_refusal_wins_over_the_title_of_a_challenge() -> None:
    body = "The Amazon CloudFront distribution is configured to block access from your country."
    assert page(title="ERROR: The request could not be satisfied", body=body, status=403) == "geo"


def test_an_ordinary_page_that_quotes_a_block_page_is_not_one() -> None:
    article = "They saw: prohibited for viewership from within Pakistan. " + "More text. " * 200
    assert page(body=article) is None


def test_an_ordinary_page_that_links_to_a_listed_host_is_not_a_block_page() -> None:
    article = '<a href="http://warning.or.kr">' + "x" * LINKS_MAX_CHARS
    assert page(body=article) is None


def test_a_very_long_body_is_not_searched() -> None:
    text = "prohibited for viewership from within Pakistan"
    assert page(body=text + "x" * BODY_MAX_CHARS, status=403) is None


@given(title=st.text(), body=st.text(), location=st.text(), status=st.integers())
def test_no_response_raises(title: str, body: str, location: str, status: int) -> None:
    found = TABLE.page(title=title, body=body, headers={"location": location, "server": body}, status=status)
    assert found is None or found.id


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert (TABLE.address(text), TABLE.host(text), TABLE.redirect(text)) is not None


def test_the_first_of_two_matching_rows_wins() -> None:
    rows = [
        Fingerprint(id=row_id, kind="challenge", on="body", value=value, source="vendor")
        for row_id, value in (("a", "second words"), ("b", "first words"))
    ]
    found = Fingerprints(rows, version="test").page(title="", body="first words, second words", headers={}, status=200)
    assert found is not None
    assert (found.id, found.matched_on) == ("a", "body")


def test_a_row_with_a_broken_address_is_refused() -> None:
    row = Fingerprint(id="x", kind="blockpage", on="address", value="1.2.3", source="vendor")
    with pytest.raises(ValueError, match=r"x: '1\.2\.3' is no address"):
        Fingerprints([row], version="test")
