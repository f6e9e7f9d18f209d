"""The kernel's side: running ``nft``, and reading what the kernel holds.

The choice, and why. Measured on kernel 6.18 with nft 1.0.6, two cores, 100,000 elements with timeouts, keys
``ipv4_addr . ipv4_addr . inet_proto . inet_service``; CPU seconds of nft, user and system together:

==========================================================  ====================  =====================================
what                                                        hash set              interval set (pipapo)
==========================================================  ====================  =====================================
load 100,000 into an empty set                              1.2 (0.9 s of clock)  1.3
add 100,000 to 100,000                                      0.9
remove 100,000 of 200,000                                   0.7
flush and load all anew in one transaction                  1.1                   128 (the kernel is busy for 2 min)
delete and add all anew in one transaction                  1.9
add 1,000 to 100,000                                        0.01
list 100,000 as JSON                                        2.6
list the chains' names                                      0.01
==========================================================  ====================  =====================================

A counted stream of an unchanged element through a forwarding namespace, while other elements came and went:

==========================================================  ====================  =====================================
while                                                       packets               not matched
==========================================================  ====================  =====================================
100,000 others were added and removed, 13 times             1,786,400             0
the whole set was flushed and filled anew, 16 times         2,720,500             0
every element was deleted and added anew, 6 times           2,104,700             0
==========================================================  ====================  =====================================

So hash sets, with masks in the rules in place of intervals (``remedy.flows``), and differences only
(``remedy.transaction``). Flushing loses nothing either here, but kernels before 6.17 can miss an element that is
replaced at the very moment of the switch; and a difference costs what it changes, not what there is.

``add element`` with another timeout moves the end of an element that is there on this kernel, and is passed over
before 6.12: ends are moved by delete and add.

``nft`` is given its text on standard input and always checked (``nft -c``) first. It inherits the agent's lock: if the
agent is killed, its successor waits until the kernel has answered.
"""

import functools
import hashlib
import ipaddress
import os
import subprocess
from typing import Any, Final

import msgspec

from raabta.remedy.policy import GATES, TABLE, read_marker
from raabta.remedy.transaction import Held

DEADLINE_S: Final = 120.0
"""Longest wait for one call. The longest measured took 10 s, on a machine with eleven waiting processes."""
_WORDS_MAX_CHARS: Final = 600
_FAMILIES: Final = {"2": "ipv4", "10": "ipv6", "ipv4": "ipv4", "ipv6": "ipv6"}
"""NFPROTO_IPV4 and NFPROTO_IPV6 of linux/netfilter.h, and as newer nft may name them."""


def nft(*arguments: str, text: str = "", keep_open: tuple[int, ...] = ()) -> bytes:
    """Run nft and give what it printed.

    Args:
        arguments: Its arguments.
        text: Its standard input.
        keep_open: File descriptors that it inherits.

    Raises:
        OSError: It cannot be run, or did not end in time.
        ValueError: It refused; its words are in the text.
    """
    try:
        done = subprocess.run(  # noqa: S603  our own words
            ["nft", *arguments],  # noqa: S607  where it is differs between systems
            input=text.encode(),
            capture_output=True,
            timeout=DEADLINE_S,
            check=False,
            pass_fds=keep_open,
            env={**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin", "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        message = "nft is not installed. On Debian: apt-get install nftables"
        raise OSError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"nft did not end within {DEADLINE_S:.0f} s. Look at the machine's load, then try again."
        raise OSError(message) from error
    if done.returncode == 0:
        return done.stdout
    words = done.stderr.decode("utf-8", "replace").strip()[:_WORDS_MAX_CHARS]
    if "Operation not permitted" in words:
        message = "the kernel's tables may be read and changed by root only. Try: sudo raabta gateway …"
        raise PermissionError(message)
    raise ValueError(f"nft refused: {words}")


def check_text(text: str) -> None:
    """Have nft and the kernel judge a transaction without doing it.

    Raises:
        OSError: nft cannot be run.
        ValueError: It would be refused.
    """
    nft("-c", "-f", "-", text=text)


def load_text(text: str, *, keep_open: tuple[int, ...] = ()) -> None:
    """Do a transaction: all of it, or nothing.

    Raises:
        OSError: nft cannot be run.
        ValueError: It was refused.
    """
    nft("-f", "-", text=text, keep_open=keep_open)


def marker_names() -> tuple[str, ...] | None:
    """Ask the kernel which list it holds: names of markers; None where it has no table of ours. Takes 10 ms.

    Raises:
        OSError: nft cannot be run.
        ValueError: It refused.
    """
    if not _has_table():
        return None
    chains = [item["chain"] for item in _objects(nft("-j", "list", "chains", "inet")) if "chain" in item]
    ours = [chain["name"] for chain in chains if f"{chain['family']} {chain['table']}" == TABLE]
    return tuple(name for name in ours if read_marker(name))


def read_held() -> Held | None:
    """Ask the kernel for all that our table holds; None where there is none.

    Raises:
        OSError: nft cannot be run.
        ValueError: It refused, or its answer cannot be read.
    """
    if not _has_table():
        return None
    try:
        return _held(_objects(nft("-nn", "-j", "list", "table", *TABLE.split())))
    except (KeyError, TypeError, AttributeError) as error:
        message = f"nft's answer cannot be read: {error!r}. Tested are nft 1.0.6 and newer; yours: nft --version"
        raise ValueError(message) from error


def remove_table() -> None:
    """Remove our table, whatever it holds.

    Raises:
        OSError: nft cannot be run.
        ValueError: It refused.
    """
    load_text(f"add table {TABLE}\ndelete table {TABLE}\n")


def read_others() -> list[dict[str, Any]]:
    """Ask the kernel for the operator's tables, without elements: chains and rules.

    Raises:
        OSError: nft cannot be run.
        ValueError: It refused.
    """
    tables = [item["table"] for item in _objects(nft("-j", "list", "tables")) if "table" in item]
    found: list[dict[str, Any]] = []
    for table in tables:
        if f"{table['family']} {table['name']}" != TABLE:
            found += _objects(nft("-t", "-j", "list", "table", table["family"], table["name"]))
    return found


def _has_table() -> bool:
    tables = [item["table"] for item in _objects(nft("-j", "list", "tables")) if "table" in item]
    return any(f"{table['family']} {table['name']}" == TABLE for table in tables)


def _objects(raw: bytes) -> list[dict[str, Any]]:
    try:
        read: dict[str, list[dict[str, Any]]] = msgspec.json.decode(raw)
        return read["nftables"]
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        message = f"nft's answer is not the JSON that was expected: {error}. Is this a build of nft with JSON?"
        raise ValueError(message) from error


def _held(objects: list[dict[str, Any]]) -> Held:
    markers, counters, sets, rules = [], {}, {}, []
    for item in objects:
        if "chain" in item and (marker := read_marker(item["chain"]["name"])):
            markers.append(marker)
            continue
        if "counter" in item:
            counter = item["counter"]
            counters[counter["name"]] = (counter["packets"], counter["bytes"])
            continue
        if "set" in item:
            one = item["set"]
            sets[one["name"]] = dict(map(_element, one.get("elem", ())))
        if "map" in item and item["map"]["name"] in GATES:
            one = item["map"]
            elements = dict(_element(pair[0]) for pair in one.get("elem", ()))
            sets[one["name"]] = {_FAMILIES[key]: left_s for key, left_s in elements.items()}
        rules.append(_without_handles(item))
    text = msgspec.json.encode(sorted(rules, key=_order), order="sorted")
    return Held(markers=tuple(markers), sets=sets, rules=hashlib.sha256(text).hexdigest(), counters=counters)


def _order(item: dict[str, Any]) -> str:
    """Sets and chains in any order, rules in theirs: sorting is stable, and they have one key for each chain."""
    kind, value = next(iter(item.items()))
    return f"{kind} {value.get('chain', value.get('name', ''))}"


def _without_handles(item: dict[str, Any]) -> dict[str, Any]:
    kind, value = next(iter(item.items()))
    if kind == "metainfo":
        return {kind: {}}
    return {kind: {name: part for name, part in value.items() if name not in ("handle", "elem")}}


def _element(item: dict[str, Any]) -> tuple[str, int]:
    element = item["elem"]
    value = element["val"]
    parts = value["concat"] if isinstance(value, dict) else [value]
    return " . ".join([_part(part) for part in parts]), element.get("expires", 0)


@functools.lru_cache(maxsize=1 << 12)
def _part(part: str | int) -> str:
    text = str(part)
    return str(ipaddress.IPv6Address(text)) if ":" in text else text
