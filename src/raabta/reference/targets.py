"""What is probed: services with their end points, from the package's list (``targets.toml``) or a list of one's own.

A list is TOML with one block per service, or plain text with one URL a line. People write lists by hand, so a wrong row
costs only itself: the text is cut into blocks before it is parsed, each is judged alone, and what is wrong is told with
its line, its field and what to try.

Not done: whether a name exists. Nothing here uses the network.
"""

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from raabta.model import Rejection
from raabta.reference.addresses import is_address

TargetKind = Literal[
    "code",
    "packages",
    "developer",
    "cloud",
    "cdn",
    "dns",
    "meeting",
    "chat",
    "mail",
    "platform",
    "office",
    "freelance",
    "payment",
    "ai",
    "national",
    "bank",
    "education",
    "other",
]
"""What a service is for. ``other`` is for lists of one's own."""

Risk = Literal["low", "medium", "high"]
"""What it could cost a volunteer to be seen measuring it; the package's list holds ``low`` only."""

OWN: Final = "own"
"""The provider of who serves itself, or of whom it is not known."""

SCHEMES: Final = {"http": 80, "https": 443, "tcp": 0, "tls": 443, "dot": 853, "doh": 443}
"""Schemes of end points and their ports; 0: the URL must name one."""

_KINDS: Final = get_args(TargetKind)
_RISKS: Final = get_args(Risk)
_FIELDS: Final = ("title", "kind", "provider", "risk", "countries", "endpoints")
_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)(?:[\w](?:[\w-]{0,61}[\w])?\.)+[\w-]{2,63}\.?")
_BLOCK: Final = re.compile(r"""\s*\[\s*target\s*\.\s*("[^"]*"|'[^']*'|[^\]\s."']+)\s*\]""")
# A line that begins like [this], closed or not; [2001:db8::1] is an address.
_ANY_HEAD: Final = re.compile(r"\s*\[(?:[^:]*$|[^:\]]*\])")
_AT_LINE: Final = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")
_REVIEWED: Final = re.compile(r'\s*reviewed\s*=\s*"(\d{4}-\d\d-\d\d)"')


class Endpoint(Struct, frozen=True, kw_only=True):
    """One thing to probe of a service: a stable name, and a URL (http, https, tcp, tls, dot, doh)."""

    name: str
    url: str


class Target(Struct, frozen=True, kw_only=True):
    """One service.

    Attributes:
        name: Permanent id.
        title: As people know it.
        kind: What it is for.
        provider: Key of ``providers.toml``, or "own".
        risk: What it could cost a volunteer to be seen measuring it.
        countries: Where it matters, ISO 3166-1 alpha-2; empty for everywhere.
        endpoints: What to probe, the most important first.
    """

    name: str
    title: str
    kind: TargetKind
    provider: str = OWN
    risk: Risk = "low"
    countries: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...]


class TargetList(Struct, frozen=True, kw_only=True):
    """A list and the day of its last review."""

    targets: tuple[Target, ...]
    version: str


@functools.cache
def load_targets() -> TargetList:
    """The list of ``targets.toml``, read once.

    Raises:
        ValueError: The package's own list has a wrong row.
    """
    text = importlib.resources.files("raabta.reference").joinpath("targets.toml").read_text("utf-8")
    targets, problems = read_targets(text, file="targets.toml")
    if problems:
        message = f"targets.toml, line {problems[0].line}: {problems[0].reason}"
        raise ValueError(message)
    found = next(filter(None, map(_REVIEWED.match, text.splitlines())), None)
    return TargetList(targets=targets, version=f"targets {found.group(1) if found is not None else 'undated'}")


def read_targets(text: str, *, file: str) -> tuple[tuple[Target, ...], tuple[Rejection, ...]]:
    """Read a list of targets: TOML, or plain text with one URL a line.

    Args:
        text: The list.
        file: Its name, for the problems.

    Returns:
        The good rows in their order, and what is wrong with others. Never raises on text.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    reader = _Reader(file)
    if any(_ANY_HEAD.match(line) for line in lines):
        reader.read_blocks(lines)
    else:
        reader.read_lines(lines)
    return tuple(reader.targets.values()), tuple(reader.problems)


def url_problem(url: str) -> str:
    """Say why a URL cannot be probed and what to try; "" where it can."""
    if any(char <= " " or char in '\\"<>^`{|}' for char in url):
        return 'a URL has no spaces and none of \\ " < > ^ ` { | }. Write it like https://example.com/'
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return f"this is no URL ({error}). Write it like https://example.com/"
    if parts.scheme not in SCHEMES:
        return f"a URL begins with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
    if "@" in parts.netloc:
        return "a URL names no user and no password: they would be sent and written. Leave out what is before the @"
    if not is_address(host) and not _HOST.fullmatch(host):
        return "the URL names no host. Write it like https://example.com/"
    if not (port or SCHEMES[parts.scheme]):
        return f"{parts.scheme}:// needs a port. Write it like tcp://{host}:22"
    return ""


class _Reader:
    """Good rows and problems of one text."""

    def __init__(self, file: str) -> None:
        self.targets: dict[str, Target] = {}
        self.problems: list[Rejection] = []
        self._file = file

    def read_blocks(self, lines: list[str]) -> None:
        """Read TOML, block by block."""
        for first, block in _blocks(lines):
            head = _BLOCK.match(block[0])
            if head is not None:
                self._read_block(head.group(1).strip("\"'"), first, block)
            elif _ANY_HEAD.match(block[0]):
                self._tell(first, "target", "a block begins with [target.NAME], as in [target.github]")
            else:
                self._check_preamble(block)

    def read_lines(self, lines: list[str]) -> None:
        """Read one URL a line; what follows # is a remark."""
        for number, line in enumerate(lines, start=1):
            url = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
            if not url:
                continue
            url = url if "://" in url else f"https://{url}/" if "/" not in url else f"https://{url}"
            problem = url_problem(url)
            if problem:
                self._tell(number, "url", problem)
                continue
            name = _id_of(url)
            if any(endpoint.url == url for target in self.targets.values() for endpoint in target.endpoints):
                self._tell(number, "url", f"{url} stands in this list already. Leave out one of the lines")
                continue
            while name in self.targets:
                name = _next_id(name)
            endpoint = Endpoint(name="url", url=url)
            title = urlsplit(url).hostname or url
            self.targets[name] = Target(name=name, title=title, kind="other", endpoints=(endpoint,))

    def _read_block(self, name: str, first: int, block: list[str]) -> None:
        try:
            parsed = tomllib.loads("\n".join(block))
        except RecursionError:
            self._tell(first, "target", "brackets are nested too deep. A block holds texts and one list")
            return
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            at = first + int(found.group(1) or len(block)) - 1 if found is not None else first
            words = _AT_LINE.sub("", str(error))
            self._tell(at, "target", f'this is no TOML: {words}. A line looks like title = "GitHub"')
            return
        row = next(iter(parsed["target"].values()))
        wrong = [*_id_problems(name, self.targets), *_field_problems(row)]
        for field, reason in wrong:
            self._tell(first + _line_of(field, block), field, reason)
        if not wrong:
            self.targets[name] = _target(name, row)

    def _check_preamble(self, lines: list[str]) -> None:
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.lstrip().startswith("#") and not _REVIEWED.match(line):
                self._tell(number, "target", "before the first [target.NAME] only remarks (#) and reviewed may stand")

    def _tell(self, line: int, field: str, reason: str) -> None:
        self.problems.append(Rejection(file=self._file, line=line, field=field, reason=reason))


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Cut a text at the heads of its blocks; give each with the number of its first line."""
    starts = [number for number, line in enumerate(lines) if _ANY_HEAD.match(line)]
    if starts[:1] != [0]:
        starts.insert(0, 0)
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield start + 1, lines[start:end]


def _line_of(field: str, block: list[str]) -> int:
    """Give the offset of a field's line within its block; that of the head where the field is missing."""
    for wanted in (field, field.partition(".")[0]):
        pattern = re.compile(r"\s*" + r"\s*\.\s*".join(map(re.escape, wanted.split("."))) + r"\s*[.=]")
        for offset, line in enumerate(block):
            if pattern.match(line):
                return offset
    return 0


def _id_problems(name: str, known: Mapping[str, Target]) -> Iterator[tuple[str, str]]:
    if not _ID.fullmatch(name):
        yield "target", f"{name!r} is no id. Use small letters, digits and _, as in [target.my_service]"
    elif name in known:
        yield "target", f"[target.{name}] stands in this list already. Give one of them another name"


def _field_problems(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give (field, what is wrong and what to try) for each wrong field of a row."""
    for field in row:
        if field not in _FIELDS:
            yield field, f"there is no field {field!r}. Fields are: {', '.join(_FIELDS)}"
    for field in ("title", "provider"):
        value = row.get(field, "" if field == "title" else OWN)
        if not isinstance(value, str) or not value.strip():
            yield field, f'{field} is a text between quotes, as in {field} = "GitHub"'
    if row.get("kind", "other") not in _KINDS:
        yield "kind", f"kind is one of: {', '.join(_KINDS)}"
    if row.get("risk", "low") not in _RISKS:
        yield "risk", f"risk is one of: {', '.join(_RISKS)}"
    countries = row.get("countries", [])
    if not isinstance(countries, list) or not all(
        isinstance(item, str) and _COUNTRY.fullmatch(item) for item in countries
    ):
        yield "countries", 'countries are codes of two capital letters in a list, as in countries = ["PK"]'
    yield from _endpoint_problems(row.get("endpoints"))


def _is_country(value: object) -> bool:
    return isinstance(value, str) and _COUNTRY.fullmatch(value) is not None


def _endpoint_problems(endpoints: object) -> Iterator[tuple[str, str]]:
    if not isinstance(endpoints, dict) or not endpoints:
        yield "endpoints", 'there is nothing to probe. Add a line like endpoints.web = "https://example.com/"'
        return
    for name, url in endpoints.items():
        field = f"endpoints.{name}"
        if not _ID.fullmatch(name):
            yield field, f"{name!r} is no name. Use small letters, digits and _, as in endpoints.web"
        elif not isinstance(url, str):
            yield field, 'a URL stands between quotes, as in endpoints.web = "https://example.com/"'
        elif problem := url_problem(url):
            yield field, problem


def _target(name: str, row: dict[str, Any]) -> Target:
    return Target(
        name=name,
        title=row["title"].strip(),
        kind=row.get("kind", "other"),
        provider=row.get("provider", OWN),
        risk=row.get("risk", "low"),
        countries=tuple(row.get("countries", ())),
        endpoints=tuple(Endpoint(name=key, url=url) for key, url in row["endpoints"].items()),
    )


def _id_of(url: str) -> str:
    """Make an id from a URL's host."""
    host = (urlsplit(url).hostname or "").encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", host.lower().removeprefix("www.")).strip("_")
    return (name if name[:1].isalpha() else f"host_{name}")[:40]


def _next_id(name: str) -> str:
    """Number an id that is taken: example_com, example_com_2, example_com_3."""
    stem, _, number = name.rpartition("_")
    return f"{stem}_{int(number) + 1}" if stem and number.isdecimal() else f"{name[:36]}_2"
