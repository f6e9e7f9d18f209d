"""A router that understands as much of RouterOS's script language as a rendered file may use, and nothing else.

Written from MikroTik's manual ("Scripting", "Filter", "Address-lists"), not from the renderer: lines of
``[path] command [param=value] …``, comments to the end of a line, strings in double quotes with the listed escapes,
``[find …]`` with ``=``, ``!=``, ``~``, ``!( )`` and ``and``. What it does not know it refuses with the line's number.
"""

import ipaddress
import re
from collections.abc import Iterator

MENUS: dict[tuple[str, ...], set[str]] = {
    ("/ip", "firewall", "address-list"): {"list", "address", "timeout", "comment"},
    ("/ipv6", "firewall", "address-list"): {"list", "address", "timeout", "comment"},
    ("/ip", "firewall", "filter"): set(),
    ("/ipv6", "firewall", "filter"): set(),
}
FILTER_PARAMETERS = {
    "chain",
    "action",
    "jump-target",
    "src-address",
    "dst-address",
    "src-address-list",
    "dst-address-list",
    "protocol",
    "src-port",
    "dst-port",
    "comment",
}
PROTOCOLS = {"udp", "tcp", "gre", "ipsec-esp"}
TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\$?\n]|\\(?:["\\nrt$?_abfv]|[0-9A-F]{2}))*")|(?P<sign>!=|[=~()!\[\]])|(?P<word>[A-Za-z0-9/:.,_-]+))'
)
TIMEOUT = re.compile(r"(\d+)d(\d\d):(\d\d):(\d\d)")

Item = dict[str, str]
Packet = tuple[str, str, str, int, int]
"""Source, destination, protocol, source port, destination port."""


class Router:
    """Tables of a router, and what a script does to them."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, ...], list[Item]] = {menu: [] for menu in MENUS}
        self._menu: tuple[str, ...] = ()
        for family in ("/ip", "/ipv6"):
            for target in ("raabta", "raabta-block"):
                rule = {"chain": "forward", "action": "jump", "jump-target": target}
                self.tables[family, "firewall", "filter"].append(rule)

    def run(self, script: str) -> Iterator[None]:
        """Run a script, and pause after every line."""
        for number, line in enumerate(script.splitlines(), 1):
            if line and not line.startswith("#"):
                try:
                    self._line(list(_tokens(line)))
                except (ValueError, KeyError, IndexError, AssertionError) as error:
                    raise AssertionError(f"line {number}: {line!r}: {error!r}") from error
            yield

    def accepts(self, packet: Packet) -> str:
        """What the forward chain does with a packet: accept, drop, or "" for the operator's own rules."""
        family = "/ipv6" if ":" in packet[0] else "/ip"
        return self._chain(family, "forward", packet)

    def _chain(self, family: str, chain: str, packet: Packet) -> str:
        for rule in self.tables[family, "firewall", "filter"]:
            if rule["chain"] != chain or not self._matches(family, rule, packet):
                continue
            done = self._chain(family, rule["jump-target"], packet) if rule["action"] == "jump" else rule["action"]
            if done:
                return done
        return ""

    def _matches(self, family: str, rule: Item, packet: Packet) -> bool:
        source, destination, protocol, source_port, port = packet
        return (
            self._is_in(family, rule, "src", source)
            and self._is_in(family, rule, "dst", destination)
            and rule.get("protocol", protocol) == protocol
            and int(rule.get("src-port", source_port)) == source_port
            and int(rule.get("dst-port", port)) == port
        )

    def _is_in(self, family: str, rule: Item, side: str, address: str) -> bool:
        number = ipaddress.ip_address(address)
        if f"{side}-address" in rule and number not in ipaddress.ip_network(rule[f"{side}-address"]):
            return False
        name = rule.get(f"{side}-address-list")
        members = self.tables[family, "firewall", "address-list"]
        return name is None or any(
            number in ipaddress.ip_network(item["address"]) for item in members if item["list"] == name
        )

    def _line(self, tokens: list[tuple[str, str]]) -> None:
        words = [text for _, text in tokens]
        if words[0].startswith("/"):
            assert tuple(words) in MENUS, "no such menu"
            self._menu = tuple(words)
        elif words[0] == "add":
            self.tables[self._menu].append(self._checked(_parameters(tokens[1:])))
        elif words[0] == "remove":
            assert words[1:3] == ["[", "find"]
            assert words[-1] == "]"
            condition = tokens[3:-1]
            self.tables[self._menu] = [item for item in self.tables[self._menu] if not _holds(condition, item)]
        else:
            raise AssertionError(f"no such command: {words[0]}")

    def _checked(self, item: Item) -> Item:
        if self._menu[-1] == "address-list":
            assert set(item) <= MENUS[self._menu]
            ipaddress.ip_network(item["address"])
            days, hours, minutes, seconds = (int(part) for part in TIMEOUT.fullmatch(item["timeout"]).groups())  # type: ignore[union-attr]
            assert hours < 24
            assert minutes < 60
            assert seconds < 60
            assert days + hours + minutes + seconds > 0, "a timeout of 0 is for ever"
            assert item not in self.tables[self._menu], "already have such entry"
            return item
        assert set(item) <= FILTER_PARAMETERS
        assert item["action"] in ("accept", "drop", "jump")
        assert ("jump-target" in item) is (item["action"] == "jump")
        assert item.get("protocol", "udp") in PROTOCOLS
        for port in ("src-port", "dst-port"):
            assert port not in item or (0 < int(item[port]) < 65536 and item["protocol"] in ("udp", "tcp"))
        return item


def _tokens(line: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(line):
        match = TOKEN.match(line, place)
        assert match, f"cannot read {line[place:]!r}"
        yield str(match.lastgroup), match[str(match.lastgroup)]
        place = match.end()


def _value(token: tuple[str, str]) -> str:
    kind, text = token
    assert kind in ("string", "word")
    return text[1:-1] if kind == "string" else text


def _parameters(tokens: list[tuple[str, str]]) -> Item:
    item = {}
    for name, equals, value in zip(*[iter(tokens)] * 3, strict=True):
        assert equals == ("sign", "=")
        item[name[1]] = _value(value)
    return item


def _holds(tokens: list[tuple[str, str]], item: Item) -> bool:
    """A condition of ``find``: comparisons joined by ``and``, each perhaps inside ``!( )``."""
    if not tokens:
        return True
    if tokens[0][1] == "!":
        end = tokens.index(("sign", ")"))
        first, rest = not _holds(tokens[2:end], item), tokens[end + 1 :]
    else:
        (_, name), (_, sign), value = tokens[:3]
        have, wanted = item.get(name, ""), _value(value)
        first = {"=": have == wanted, "!=": have != wanted, "~": bool(re.search(wanted, have))}[sign]
        rest = tokens[3:]
    assert not rest or rest[0][1] == "and"
    return first and _holds(rest[1:], item)
