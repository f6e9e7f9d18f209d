"""What holds for every format: same bytes, nothing wider, nothing that is over, no order from a hostile field."""

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.formats import FORMATS, render
from raabta.remedy.render.ipset import addresses
from raabta.remedy.render.rpz import trigger
from raabta.remedy.render.sheet import GRACE, lay_out, plain
from tests.cases.exemptions import DAY, EVERYTHING, HOSTILE_TEXTS, NOW, block, entry, hostile, listed

ALL = pytest.mark.parametrize("kind", list(FORMATS))
WITH_COMMENTS = [kind for kind in FORMATS if FORMATS[kind].suffix not in ("json", "csv")] + ["geofeed"]
ONLY_BLOCKS = {kind for kind in FORMATS if kind.endswith(("-block", "-names", "-networks"))}


def text_of(kind: str, made: ExemptionList, *, now: datetime = NOW, verified: Sequence[ExemptionEntry] = ()) -> str:
    """A rendered file; the hash of the whole list, by which nftables' file names what it holds, is taken out."""
    text = render(made, kind=kind, now=now, verified=verified).decode()
    return re.sub(r"list_[0-9a-f]{16}", "list_", text) if kind == "nftables" else text


def lines(kind: str, made: ExemptionList) -> list[str]:
    """Lines that a program heeds: comments and blank ones left out."""
    return [line for line in text_of(kind, made).splitlines() if line and line[0] not in "#;"]


def members(made: ExemptionList) -> set[str]:
    return {item.destination if item.member_side == "destination" else item.source for item in made.entries}


def prefixes_in(text: str) -> set[str]:
    """Everything that looks like a prefix or an address."""
    return set(re.findall(r"[0-9a-f]+(?:[.:][0-9a-f:.]+)+/\d+", text))


@ALL
def test_the_same_list_gives_the_same_bytes_in_whatever_order_it_comes(kind: str) -> None:
    turned = msgspec.structs.replace(
        EVERYTHING, entries=EVERYTHING.entries[::-1], restrictions=EVERYTHING.restrictions[::-1]
    )
    assert render(EVERYTHING, kind=kind, now=NOW) == render(EVERYTHING, kind=kind, now=NOW)
    assert lines(kind, EVERYTHING) == lines(kind, turned)


@ALL
def test_an_empty_list_has_no_prefix_and_is_not_an_empty_file(kind: str) -> None:
    raw = render(listed(), kind=kind, now=NOW)
    assert raw
    assert prefixes_in(raw.decode()) == set()


@pytest.mark.parametrize("kind", WITH_COMMENTS)
def test_the_head_says_which_list_until_when_and_what_is_left_out(kind: str) -> None:
    head = render(EVERYTHING, kind=kind, now=NOW).decode().splitlines()[:5]
    assert all(line[0] in "#;" for line in head)
    assert head[1].endswith("serial 7, made at 2026-11-22T12:00:00Z, expires at 2026-11-23T12:00:00Z")
    assert head[4][2:] == f"leaves out: {FORMATS[kind].loses}"


@pytest.mark.parametrize("kind", ["json", "misp", "csv", "csv-block"])
def test_formats_without_comments_carry_serial_and_times_as_data(kind: str) -> None:
    text = render(EVERYTHING, kind=kind, now=NOW).decode()
    assert [word for word in ("7", "2026-11-22T12:00:00", "2026-11-23T12:00:00Z") if word not in text] == []


@ALL
@pytest.mark.parametrize(
    "change",
    [
        {"not_after": NOW},
        {"not_before": NOW + timedelta(seconds=1)},
        {"not_after": NOW - DAY, "lease": True},
    ],
    ids=["ended", "not-begun", "lease-over"],
)
def test_what_is_not_in_force_stands_nowhere(kind: str, change: dict[str, object]) -> None:
    made = listed([entry(1, **change)], [block(1, **{key: change[key] for key in change if key != "lease"})])
    assert text_of(kind, made) == text_of(kind, listed())


@ALL
def test_a_list_that_nobody_renewed_dies_a_week_after_its_end(kind: str) -> None:
    until = NOW + 99 * DAY
    made = listed(
        [entry(1, not_after=until)], [block(1, not_after=until), block(2, target="bad.example", not_after=until)]
    )
    last = made.expires_at + GRACE
    just_before = last - timedelta(seconds=1)
    assert text_of(kind, made, now=just_before) != text_of(kind, listed(), now=just_before)
    assert text_of(kind, made, now=last) == text_of(kind, listed(), now=last)


@pytest.mark.parametrize("kind", sorted(set(FORMATS) - ONLY_BLOCKS - {"rpz", "rpz-pass"}))
def test_no_format_names_a_prefix_that_no_entry_has(kind: str) -> None:
    """Narrower is allowed (``ipset`` writes out single addresses), wider is not."""
    made = msgspec.structs.replace(EVERYTHING, restrictions=())
    own = [ip_network(text) for item in made.entries for text in (item.source, item.destination) if text]
    for text in prefixes_in(render(made, kind=kind, now=NOW).decode()):
        found = ip_network(text)
        assert any(found.version == item.version and found.subnet_of(item) for item in own), text  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["cidr", "json", "geofeed", "misp", "bird", "exabgp"])
def test_formats_of_prefixes_hold_the_members_side_and_never_the_other(kind: str) -> None:
    made = msgspec.structs.replace(EVERYTHING, restrictions=())
    assert prefixes_in(render(made, kind=kind, now=NOW).decode()) == members(made)


@ALL
def test_leases_come_as_verified_entries_and_end_by_themselves(kind: str) -> None:
    lease = entry(99, source="192.0.2.200/32", not_after=NOW + timedelta(hours=2), lease=True)
    text = render(listed(), kind=kind, now=NOW, verified=[lease]).decode()
    if kind in ONLY_BLOCKS:
        assert text == render(listed(), kind=kind, now=NOW).decode().replace(
            "in force: 0 entries", "in force: 1 entries"
        )
    else:
        assert re.search(r"192\.0\.2\.200|32\.1\.100\.51\.198", text)
    if kind == "ipset":
        assert "timeout 7200" in text
    if kind == "mikrotik":
        assert "timeout=0d02:00:00" in text


@ALL
def test_a_lease_does_not_outlive_itself_by_the_grace_of_the_list(kind: str) -> None:
    lease = entry(99, source="192.0.2.200/32", not_after=NOW + timedelta(hours=2), lease=True)
    later = NOW + timedelta(hours=2)
    assert text_of(kind, listed(), now=later, verified=[lease]) == text_of(kind, listed(), now=later)


@pytest.mark.parametrize("source", ["0.0.0.0/0", "::/0"])
@pytest.mark.parametrize("kind", ["ipset", "cidr", "rpz"])
def test_an_entry_that_spares_everybody_is_refused_by_the_renderer_too(kind: str, source: str) -> None:
    with pytest.raises(ValueError, match="would spare everybody"):
        render(listed([entry(1, source=source, destination="")]), kind=kind, now=NOW)


def test_a_block_of_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="would block everything"):
        render(listed([], [block(1, target="0.0.0.0/0")]), kind="rpz", now=NOW)


NOT_PREFIXES = [
    "",
    "192.0.2.1/33",
    "192.0.2.1/24",
    "192.0.02.1/32",
    "192.0.2/24",
    "192.0.2.8/29\nadd x 0.0.0.0/1",
    "192.0.2.8/29 ",
    " 192.0.2.8/29",
    "192.0.2.8/+29",
    "192.0.2.8/２９",
    "[2001:db8::1]/128",
    "fe80::1%eth0/128",
    "2001:db8::1/64",
    "2001:db8::\n/48",
    "everyone",
]


@pytest.mark.parametrize("text", NOT_PREFIXES)
@pytest.mark.parametrize("field", ["source", "destination"])
def test_what_is_no_prefix_ends_the_rendering_and_is_told_with_the_entry(field: str, text: str) -> None:
    if field == "destination" and not text:
        return
    with pytest.raises(ValueError, match="x-0000000000000001") as caught:
        render(listed([entry(1, **{field: text})]), kind="cidr", now=NOW)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        "localhost",
        "*.pk",
        "*",
        "bad..example",
        "bad.example\n* CNAME .",
        "bad.example CNAME",
        "-bad.example",
        "bücher.example",
        "32.1.2.0.192.rpz-ip",
        "a.rpz-client-ip",
        "x" * 64 + ".example",
        ".".join(["abcdefgh"] * 30),
        "192.0.2.300",
        '"bad".example',
    ],
)
def test_what_is_no_host_name_is_no_block(target: str) -> None:
    for kind in ("rpz", "csv-block", "ipset"):
        if target != "192.0.2.300":
            with pytest.raises(ValueError, match="no prefix and no host name"):
                render(listed([], [block(1, target=target)]), kind=kind, now=NOW)


def test_source_and_destination_of_two_families_are_refused() -> None:
    with pytest.raises(ValueError, match="different families"):
        render(listed([entry(1, destination="2001:db8::1/128")]), kind="csv", now=NOW)


# --- hostile text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in WITH_COMMENTS if kind != "misp"])
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_free_field_becomes_a_line_of_its_own(kind: str, text: str) -> None:
    harmless = lines(kind, hostile("harmless"))
    assert harmless == lines(kind, hostile(text))


@ALL
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_control_character_and_no_strange_line_end_is_ever_written(kind: str, text: str) -> None:
    raw = render(hostile(text), kind=kind, now=NOW)
    assert set(raw) <= set(range(0x20, 0x7F)) | {0x0A, 0x0D}
    assert kind in ("csv", "csv-block") or b"\r" not in raw


@pytest.mark.parametrize("kind", ["json", "misp"])
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_free_field_adds_to_a_json_list(kind: str, text: str) -> None:
    bad = json.loads(render(hostile(text), kind=kind, now=NOW))
    good = json.loads(render(hostile("harmless"), kind=kind, now=NOW))
    assert set(good) == set(bad)
    assert good.get("list", good.get("prefixes")) == bad.get("list", bad.get("prefixes"))


@pytest.mark.parametrize("kind", ["csv", "csv-block"])
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_free_field_adds_a_row_or_a_formula(kind: str, text: str) -> None:
    rows = list(csv.reader(io.StringIO(render(hostile(text), kind=kind, now=NOW).decode(), newline=""), strict=True))
    assert len(rows) == 1 + (2 if kind == "csv-block" else 3)
    assert {len(rows[0])} == {len(row) for row in rows}
    assert [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell] == []


@given(st.text())
def test_plain_text_has_no_sign_that_any_format_takes_for_an_order(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9 ._:@+/=,()-]{0,100}", plain(text))


# --- single formats ------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**128 - 1), st.integers(1, 128))
def test_an_ipv6_trigger_says_the_same_prefix(number: int, length: int) -> None:
    number = number >> (128 - length) << (128 - length)
    text = f"{IPv6Address(number)}/{length}"
    found = lay_out(listed([entry(1, source="2001:db8::/48", destination=text)]), now=NOW).spared[0].destination
    assert found is not None
    assert str(ip_network(text)) == found.text
    width, *words, kind = trigger(found).split(".")
    back = ":".join(reversed(words)).replace("zz", "")
    back = f":{back}" if back.startswith(":") else back
    back = f"{back}:" if back.endswith(":") else back
    assert (int(width), kind) == (length, "rpz-ip")
    assert int(IPv6Address(back or "::")) == number


@pytest.mark.parametrize("text", ["192.0.2.8/29", "192.0.2.248/31", "192.0.2.1/32", "2001:db8::fff8/125", "::/126"])
def test_addresses_of_a_narrow_prefix_are_all_of_it(text: str) -> None:
    network = ip_network(text)
    found = lay_out(listed([entry(1, source=text, destination="")]), now=NOW).spared[0].source
    assert list(network) == [ip_network(item)[0] for item in addresses(found)]


def test_where_a_zone_names_one_network_twice_the_pass_through_stands_and_the_block_is_a_comment() -> None:
    made = listed([entry(1, destination="203.0.113.0/24")], [block(1), block(2, reason="amplifier")])
    assert [line for line in lines("rpz", made) if "rpz-ip" in line] == ["24.0.113.0.203.rpz-ip IN CNAME rpz-passthru."]
    assert [line for line in lines("rpz-networks", made) if "rpz-ip" in line] == ["24.0.113.0.203.rpz-ip IN CNAME ."]


def test_every_block_stands_under_its_reason_basis_owner_and_end() -> None:
    text = render(EVERYTHING, kind="rpz-names", now=NOW).decode()
    told = "; r-0000000000000003: phishing, basis CERT notice 7, owner CERT desk, until 2026-11-24T12:00:00Z"
    assert f"{told}, shared: 41 other names\nbad.example IN CNAME .\n" in text


def test_an_entry_that_ipset_cannot_hold_is_told_and_not_widened() -> None:
    made = listed([entry(1, source="192.0.2.0/28", destination="198.51.100.0/28")])
    text = render(made, kind="ipset", now=NOW).decode()
    assert "# not expressed: x-0000000000000001" in text
    assert [line for line in text.splitlines() if line.startswith("add ")] == []


def test_an_entry_that_ends_after_the_kernels_longest_timeout_ends_at_it() -> None:
    made = listed([entry(1, not_after=NOW + 300 * DAY)], expires_at=NOW + 200 * DAY)
    assert "timeout 2147483 " in render(made, kind="ipset", now=NOW).decode()


def test_a_timeout_is_never_zero_which_would_be_for_ever() -> None:
    made = listed([entry(1, not_after=NOW + timedelta(milliseconds=10))])
    assert "timeout 1 " in render(made, kind="ipset", now=NOW).decode()
    assert "timeout=0d00:00:01" in render(made, kind="mikrotik", now=NOW).decode()


def test_a_geofeed_needs_a_country_of_two_letters() -> None:
    with pytest.raises(ValueError, match="two letters"):
        render(listed(country="pk\n0.0.0.0/0"), kind="geofeed", now=NOW)


def test_an_unknown_format_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="ipset, mikrotik"):
        render(listed(), kind="cisco", now=NOW)
