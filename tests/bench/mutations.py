"""Documents that nobody meant to write: real ones with a part changed, and ones put together from their parts.

A change is a piece of raw JSON text that takes the place of one value: a hole is put into the decoded document, the
document is encoded, the hole is replaced by the text. So a number of 400 digits, a lone surrogate, a doubled key
and 5,000 levels of nesting are written as they would come, whatever an encoder would say to them. Document number
``index`` of a seed is the same whatever was made before it.
"""

import random
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

Path = tuple[str | int, ...]

_HOLE: Final = "\u2591hole {}\u2591"
_HUGE_CHARS: Final = 1 << 20
_RARELY: Final = 0.03
"""Share of huge values that are made; the others would take most of the time."""

WORDS: Final = ("missing", "duplicate", "flipped", "moved")
"""Changes that are no text of their own."""

ODD_NUMBERS: Final = (
    "-1", "0", "1", "-0.0", "0.5", "65536", str(2**31), str(2**63 - 1), str(2**63), str(2**64),
    str(-(2**63) - 1), "1e308", "-1e308", "1e309", "1e999", "1e-400", str(10**30), str(10**399), str(10**400),
    "1" + "0" * 4400, "1" + "0" * 310 + ".5",
)  # fmt: skip

ODD_TEXTS: Final = (
    "", " ", "\\u0000", ".", "..", "a..b", "-", "*", "null", "NaN", "AS", "AS99999999999", "as-1",
    "\\u0661\\u0662", "\\u00b2", "http://", "http://[", "http://[::1", "http://a:99999999/", "https://@/",
    "HTTPS://EXAMPLE.COM.:443/#", "//x", "/\\\\", "?", "http://\\u0000/", "http://\\ud83d\\ude00.example/",
    "http://xn--/", "http://xn--a-\\u00e4.example/", "http://%zz/", "javascript:1",
    "http://" + "a." * 130 + "example/", "http://" + "\\u00e4" * 70 + ".example/", "http://\\u2024.example/",
    "stun://", "0.0.0.0", "256.1.1.1", "1.2.3", "::", ":::", "fe80::1%eth0", "::ffff:10.0.0.1", "2002:7f00:1::",
    "[::]:0", "[:443", "]:443", "1.1.1.1:", "1.1.1.1:\\u00b2", "64:ff9b::7f00:1", "0x7f000001", "10.10.34.34",
    "unknown_failure: ",
    "eof_error ", "generic_timeout_error", "ssl_invalid_certificate", "connection_reset", "True", "MIIB",
    "====", "<title>", "<title></title>", "<TITLE>\\u0130</TITLE>", "<html><title>a", "\\ufffd", "\\ufeff",
    "\\u202e", "\\u2028",
)  # fmt: skip
"""Inside of JSON strings, escapes included."""

ODD_TIMES: Final = (
    "0001-01-01 00:00:00", "9999-12-31 23:59:59", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "20240212",
    "9999-12-31T23:59:59-23:59", "0999-01-01T00:00:00.5", "2024-W07-1T20:33:47", "2024-02-30 00:00:00",
)  # fmt: skip
"""For keys that end in "time"; other texts fail at the first letter there."""

_SURROGATES: Final = ('"\\ud800"', '"a\\udfffb"', '"\\udc00\\ud800"', '{"\\ud800":"\\udfff"}')


class Mutated(Struct, kw_only=True):
    """One document to try: its bytes, what was done, and whether just one field other than the nettest's name was."""

    data: bytes
    kind: str
    what: str
    one_field: bool


class Source:
    """A document to change, its paths sorted by shape (items of a list share one): rare fields have their chance."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.tree: Any = msgspec.json.decode(data)
        shapes: dict[str, list[Path]] = {}
        for path in _paths(self.tree, ()):
            shapes.setdefault(_shape(path), []).append(path)
        self.shapes = list(shapes.values())
        self.paths = [path for paths in self.shapes for path in paths]

    def pick(self, rng: random.Random) -> Path:
        """Pick a path: of the envelope, of a random shape, or any."""
        if rng.random() < 0.1:
            return (rng.choice(tuple(self.tree)),)
        return rng.choice(rng.choice(self.shapes) if rng.random() < 0.7 else self.paths)


def _paths(value: Any, path: Path) -> list[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[Path] = []
    for key, item in items:
        found += [(*path, key), *_paths(item, (*path, key))]
    return found


def _shape(path: Path) -> str:
    return ".".join("*" if isinstance(step, int) else step for step in path)


def at(tree: Any, path: Path) -> Any:
    """Give the value at a path. Raises LookupError or TypeError where there is none."""
    for step in path:
        tree = tree[step]
    return tree


def changed(tree: Any, path: Path, *, change: Callable[[Any, Any], None]) -> Any:
    """Copy what lies along a path and change the innermost container of the copy."""
    copy = tree.copy()
    if len(path) == 1:
        change(copy, path[0])
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], change=change)
    return copy


def fragment(rng: random.Random) -> tuple[str, str]:
    """Give a kind of change and its raw JSON text ("" for those in ``WORDS``)."""
    kind = rng.choice(tuple(_FRAGMENTS))
    if kind == "huge" and rng.random() > _RARELY:
        kind = "type"
    return (kind, _FRAGMENTS[kind](rng)) if kind not in WORDS else (kind, "")


def _huge(rng: random.Random) -> str:
    piece = rng.choice(
        ("a", "<title>", "[", "a.", "http://", "\\u00e4", "1", ":", "/", " ", "\\n", "\\u0000", "</", "&", "block")
    )
    return f'"{piece * (_HUGE_CHARS // len(piece))}"'


def _deep(rng: random.Random) -> str:
    n_levels = rng.choice((60, 500, 900, 5_000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"failure":', "}]"), ('{"a":[', "]}")))
    return opening * n_levels + rng.choice(("1", '""', "null")) + closing * n_levels


def _type(rng: random.Random) -> str:
    return rng.choice(
        ("true", "false", "7", "1.5", '"text"', "[]", "{}", '[1,"a",null]', '{"a":1}', "[[]]", "[{}]", '""')
    )


def _odd(rng: random.Random) -> str:
    return f'"{rng.choice(ODD_TEXTS)}"'


_FRAGMENTS: Final[dict[str, Callable[[random.Random], str]]] = {
    "null": lambda _: "null",
    "type": _type,
    "number": lambda rng: rng.choice(ODD_NUMBERS),
    "huge": _huge,
    "deep": _deep,
    "surrogate": lambda rng: rng.choice(_SURROGATES),
    "odd text": _odd,
} | {word: lambda _: "" for word in WORDS}


def mutate(source: Source, rng: random.Random, *, n_changes: int) -> Mutated:
    """Change ``n_changes`` values of a document."""
    tree, holes, kinds = source.tree, {}, []
    path: Path = ()
    for number in range(n_changes):
        path = source.pick(rng)
        kind, text = fragment(rng)
        hole = _HOLE.format(number)
        try:
            old = at(tree, path)
            tree, text = _apply(tree, path, (kind, text, hole, old, source, rng))
        except (LookupError, TypeError, AttributeError):
            continue  # an earlier change took this place away
        if text:
            holes[hole] = text
        kinds.append(f"{kind} at {'.'.join(map(str, path))}: {text[:80]}")
    data = msgspec.json.encode(tree)
    for hole, text in holes.items():
        data = data.replace(f'"{hole}"'.encode(), text.encode())
    kind = kind if n_changes == 1 else "many"
    return Mutated(data=data, kind=kind, what="; ".join(kinds), one_field=n_changes == 1 and path[0] != "test_name")


def _apply(tree: Any, path: Path, job: tuple[str, str, str, Any, Source, random.Random]) -> tuple[Any, str]:
    """Make one change; give the new tree and the raw text that fills its hole, "" where there is none."""
    kind, text, hole, old, source, rng = job
    if kind == "missing":
        return changed(tree, path, change=lambda container, key: container.pop(key)), ""
    if kind == "duplicate":
        first = _odd(rng) if rng.random() < 0.5 else _type(rng)
        name = f"{msgspec.json.encode(path[-1]).decode()}:" if isinstance(path[-1], str) else ""
        text = f"{first},{name}{msgspec.json.encode(old).decode()}"
    elif kind == "odd text" and str(path[-1]).endswith("time"):
        text = f'"{rng.choice(ODD_TIMES)}"'
    elif kind == "moved":
        text = msgspec.json.encode(at(source.tree, source.pick(rng))).decode()
    elif kind == "flipped":
        text = msgspec.json.encode(_flipped(old, rng)).decode()
    return changed(tree, path, change=lambda container, key: container.__setitem__(key, hole)), text


def _flipped(old: Any, rng: random.Random) -> Any:
    """Change a value a little: a letter of a text, the sign or size of a number, the order or number of items."""
    if isinstance(old, str) and old:
        place = rng.randrange(len(old))
        tail = rng.choice(
            (
                old[place:],
                old[place + 1 :],
                chr(rng.choice((0, 32, 46, 58, 65, 1576, 8238, 65279))) + old[place + 1 :],
                "",
            )
        )
        return rng.choice((old[:place] + tail, old.upper(), old + old))
    if isinstance(old, bool) or old is None:
        return not old
    if isinstance(old, (int, float)):
        return rng.choice((-old, old + 1, old * 1000, old / 3, str(old)))
    return [*old, *old] if isinstance(old, list) else [old]


def break_bytes(source: Source, rng: random.Random) -> Mutated:
    """Break the text itself: cut it short, or put bytes into it."""
    data = msgspec.json.encode(source.tree)
    place = rng.randrange(len(data))
    kind = rng.choice(("cut short", "bytes inserted", "bytes replaced", "not a number", "two documents", "not UTF-8"))
    noise = rng.randbytes(rng.choice((1, 1, 4, 64)))
    match kind:
        case "cut short":
            data = data[:place]
        case "bytes inserted":
            data = data[:place] + noise + data[place:]
        case "bytes replaced":
            data = data[:place] + noise + data[place + len(noise) :]
        case "not a number":
            data = data.replace(b":null", rng.choice((b":NaN", b":Infinity", b":-Infinity", b":undefined")), 1)
        case "not UTF-8":
            noise = rng.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"))
            place = data.find(b':"', place) + 2
            data = data[:place] + noise + data[place:]
        case _:
            data += rng.choice((b"", b",", b" ", b"\r")) + data[:place]
    return Mutated(data=data, kind=kind, what=f"{noise[:16]!r} at byte {place}", one_field=False)
