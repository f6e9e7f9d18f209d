"""Own tables: a TOML file of own networks beside, or in place of, the package's. For ``--tables FILE``.

    as_of = "2026-11-23"              # the day of these data
    base = "package"                  # or "none": nothing but what stands here
    ordinary = ["198.18.0.0/15"]      # special on the internet, ordinary here (a lab, a test network)
    critical = ["198.18.7.0/24", "bank.example.pk"]   # what no restriction may hit

    [[network]]
    prefix = "198.18.4.0/22"
    asn = 64500
    country = "PK"

    [provider.example_cdn]            # as in providers.toml; kind also "public_dns", "commercial_vpn"
    name = "Example CDN"
    kind = "cdn"
    asns = [64999]
    prefixes = ["198.18.9.0/24"]

A longer prefix wins, and a row here wins over the package's. The whole file is read or refused: a table of which
half is missing would let pass what the other half forbids.
"""

import datetime as dt
import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from raabta.reference.fingerprints import load_fingerprints
from raabta.reference.networks import fixed_networks, load_networks, overlaid_networks
from raabta.reference.providers import Provider, ProviderKind, Providers, load_providers, load_services
from raabta.reference.special import IANA_RANGES, special_ranges_without
from raabta.reference.tables import Tables, load_tables

_OF_SERVICES = frozenset({"public_dns", "commercial_vpn"})


class _Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prefix: str
    asn: int
    country: str = ""


class _Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    kind: ProviderKind
    asns: tuple[int, ...] = ()
    prefixes: tuple[str, ...] = ()
    note: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    as_of: dt.date
    base: Literal["package", "none"] = "package"
    ordinary: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    network: tuple[_Network, ...] = ()
    provider: dict[str, _Provider] = {}


def load_own_tables(path: Path | None) -> Tables:
    """Read own tables; None gives the package's.

    Raises:
        ValueError: The file cannot be used. The text names file, line or field, and what to try.
        OSError: The file cannot be read.
    """
    if path is None:
        return load_tables()
    return read_own_tables(path.read_bytes(), name=str(path))


def read_own_tables(raw: bytes, *, name: str) -> Tables:
    """Make tables from the text of such a file.

    Args:
        raw: TOML.
        name: What to call it in an error.

    Raises:
        ValueError: It cannot be used. The text names line or field, and what to try.
    """
    try:
        file = msgspec.toml.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{name}: {error}. What such a file holds is shown at the end of docs/lint-rules.md."
        raise ValueError(message) from error
    _check_prefixes(file, name)
    version = f"own tables {file.as_of}"
    rows = [(row.prefix, row.asn, row.country) for row in file.network]
    is_whole = file.base == "none"
    networks = (
        fixed_networks(rows, as_of=file.as_of, version=version)
        if is_whole
        else overlaid_networks(rows, below=load_networks(), as_of=file.as_of, version=version)
    )
    own = [_provider(row) for row in file.provider.values()]
    return Tables(
        networks=networks,
        special=special_ranges_without(*file.ordinary) if file.ordinary else IANA_RANGES,
        providers=_joined(load_providers(), own, is_whole=is_whole, of_services=False, version=version),
        fingerprints=load_fingerprints(),
        services=_joined(load_services(), own, is_whole=is_whole, of_services=True, version=version),
        critical=file.critical,
    )


def _provider(row: _Provider) -> Provider:
    return Provider(
        name=row.name,
        kind=row.kind,
        asns=frozenset(row.asns),
        prefixes=row.prefixes,
        prefix_source="own tables",
        note=row.note,
    )


def _joined(
    package: Providers, own: Iterable[Provider], *, is_whole: bool, of_services: bool, version: str
) -> Providers:
    """Give the own rows of one of the two tables after the package's: a later row wins."""
    before = () if is_whole else package.rows
    mine = [row for row in own if (row.kind in _OF_SERVICES) == of_services]
    return Providers((*before, *mine), version=version if is_whole else f"{version} over {package.version}")


def _check_prefixes(file: _File, name: str) -> None:
    fields = [(f"ordinary[{at}]", text) for at, text in enumerate(file.ordinary)]
    fields += [(f"network[{at}].prefix", row.prefix) for at, row in enumerate(file.network)]
    for key, row in file.provider.items():
        fields += [(f"provider.{key}.prefixes[{at}]", text) for at, text in enumerate(row.prefixes)]
    for field, text in fields:
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            message = f"{name}: {field}: {error}. Write a network as 198.51.100.0/24 or 2001:db8::/32."
            raise ValueError(message) from error
