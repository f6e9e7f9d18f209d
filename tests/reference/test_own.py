"""Own tables: what a file says wins, what it does not say stays, and half a file is no file."""

import datetime as dt
from pathlib import Path

import pytest

from raabta.reference.own import load_own_tables, read_own_tables
from raabta.reference.tables import load_tables
from tests.cases.linting import OWN_TABLES

OWN = read_own_tables(OWN_TABLES, name="own.toml")


def test_own_networks_win_and_others_stay() -> None:
    assert OWN.networks.asn("198.18.1.1") == 64500
    assert OWN.networks.country("198.18.1.1") == "PK"
    assert OWN.networks.asn("2001:db8:1::9") == 64500
    assert OWN.networks.asn("8.8.8.8") == load_tables().networks.asn("8.8.8.8") == 15169
    assert OWN.networks.country("8.8.8.8") == load_tables().networks.country("8.8.8.8")


def test_what_is_ordinary_here_is_not_special_and_the_rest_is() -> None:
    assert OWN.special.kind("198.18.1.1") is None
    assert OWN.special.kind("10.0.0.1") == "private"
    assert load_tables().special.kind("198.18.1.1") == "benchmark"


def test_own_providers_join_the_packages() -> None:
    found = [OWN.providers.of_address(address, OWN.networks) for address in ("198.19.10.1", "198.19.9.1", "104.16.0.1")]
    assert [row.name for row in found if row] == ["Test CDN", "Test CDN", "Cloudflare"]
    resolver = OWN.services.of_address("198.19.14.8", OWN.networks)
    assert resolver is not None
    assert (resolver.name, resolver.kind) == ("Test DNS", "public_dns")


def test_nothing_but_own_rows_where_the_file_says_so() -> None:
    alone = read_own_tables(b'as_of = 2026-11-23\nbase = "none"\n', name="own.toml")
    assert (alone.networks.asn("8.8.8.8"), alone.providers.rows, alone.services.rows) == (0, (), ())
    assert alone.networks.as_of == dt.date(2026, 11, 23)


def test_the_versions_say_that_the_tables_are_own() -> None:
    assert OWN.networks.version.startswith("own tables 2026-11-23 over ")
    assert OWN.version["special"].endswith("without 198.18.0.0/15, 2001:db8::/32")


def test_no_file_gives_the_packages_tables() -> None:
    assert load_own_tables(None).version == load_tables().version


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(OWN_TABLES)
    assert load_own_tables(path).networks.asn("198.18.1.1") == 64500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('base = "package"', "as_of"),
        ("as_of = 2026-11-23\nnetworks = []", "networks"),
        ('as_of = 2026-11-23\n[[network]]\nprefix = "198.18.0.1/24"\nasn = 1', r"network\[0\]\.prefix.*host bits"),
        ('as_of = 2026-11-23\n[[network]]\nprefix = "198.18.0.0/24"\nasn = "AS1"', r"network\[0\]\.asn"),
        ('as_of = 2026-11-23\n[[network]]\nprefix = "198.18.0.0/24"\n', "asn"),
        ('as_of = 2026-11-23\nordinary = ["198.18.0.0/40"]', r"ordinary\[0\]"),
        ('as_of = 2026-11-23\n[provider.x]\nname = "X"\nkind = "shop"', "kind"),
        ('as_of = 2026-11-23\n[provider.x]\nname = "X"\nkind = "cdn"\nprefixes = ["x"]', r"provider\.x\.prefixes\[0\]"),
        ("as_of = 2026-11-23\nbase = ", "own.toml"),
        ("\x00", "own.toml"),
    ],
)
def test_a_wrong_file_is_refused_and_says_where(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_own_tables(text.encode(), name="own.toml")
    assert str(caught.value).startswith("own.toml: ")
    assert "docs/lint-rules.md" in str(caught.value) or "Write" in str(caught.value)
