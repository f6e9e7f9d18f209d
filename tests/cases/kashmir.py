"""A list of 301 host names with the kinds of faults that the list of Kashmir had in 2020, and the world it meets.

Of that list, 126 names were usable; the others had typing errors, stood twice, lacked sub-domains, or led to hosts of
others that were not listed (design/remedy.md). No name of that list is used here: all are invented, under
``.example`` (RFC 2606).

``LINES`` is the list, ``kashmir.txt`` beside this file the same as people would hand it in; ``TRUTH`` says of each line
why it was made, and ``WORLD`` what the names lead to.
"""

from itertools import count, product
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = Path(__file__).with_name("kashmir.txt")
N_NAMES: Final = 301
N_USABLE: Final = 126

_PLACES = [
    "chinar",
    "dal",
    "pashmina",
    "saffron",
    "walnut",
    "apple",
    "houseboat",
    "meadow",
    "glacier",
    "lotus",
    "poplar",
    "willow",
    "falcon",
    "markhor",
]
_TRADES = [
    "bank",
    "news",
    "school",
    "travel",
    "post",
    "clinic",
    "radio",
    "tax",
    "jobs",
    "books",
    "food",
    "cloth",
    "rail",
    "air",
    "power",
    "water",
    "phone",
    "law",
    "farm",
    "craft",
    "exams",
    "maps",
]


class Site(NamedTuple):
    """What a name leads to.

    ``chain``: CNAME. ``essential``, ``shown``: hosts that the page names. ``redirect``: where it sends on to.
    ``status`` 0: nothing listens.
    """

    chain: str = ""
    essential: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    redirect: str = ""
    status: int = 200
    is_secure: bool = False


WORLD: Final[dict[str, Site]] = {}
"""What each name that exists leads to. Any other is NXDOMAIN."""
TRUTH: Final[list[tuple[str, str]]] = []
"""(line, why it was made), in the order of the list."""

_fresh = (f"{place}-{trade}.example" for place, trade in product(_PLACES, _TRADES))
_others = (f"{kind}{number}.shared-parts.example" for number in count() for kind in ("scripts", "fonts", "login"))


def _add(line: str, why: str, site: Site | None = None) -> str:
    TRUTH.append((line, why))
    if site is not None:
        WORLD[line] = site
    return line


def _usable() -> list[str]:
    made = [_add(next(_fresh), "plain", Site(is_secure=number < 12)) for number in range(60)]
    for _ in range(20):
        name = next(_fresh)
        made.append(_add(name, "paired", Site()))
        _add(f"www.{name}", "paired", Site(chain=name))
    for _ in range(10):
        name = next(_fresh)
        made.append(_add(name, "with its parts", Site(essential=(f"static.{name}",))))
        _add(f"static.{name}", "with its parts", Site(status=404))
    for _ in range(6):
        part = next(_others)
        WORLD[part] = Site()
        made.append(_add(next(_fresh), "does without", Site(shown=(part,))))
    return made


def _broken(usable: list[str]) -> None:
    forms = ("https://{}/", "{} and others", "www .{}", "{}/index.html", "-{}", "{},in", "http:/{}", "{}:443x")
    for number, form in zip(range(12), forms * 2, strict=False):
        _add(form.format(f"typed{number}.example"), "malformed")
    for name in usable[:12]:
        _add(name[:3] + name[4:], "misspelled")
    for _ in range(11):
        name = next(_fresh)
        WORLD[name] = Site()
        _add(name.replace("-", "--", 1).replace("example", "exampel"), "misspelled")
    for number, name in enumerate(usable[20:35]):
        _add((name.upper(), f"{name}.", f"  {name}  # again")[number % 3], "twice")
    for number in range(10):
        _add(next(_fresh), "dead", Site(status=0 if number < 8 else 503))
    for _ in range(20):
        target = f"edge.{next(_fresh)}"
        WORLD[target] = Site()
        _add(f"www.{target}", "chain", Site(chain=target))
    for number in range(45):
        name = next(_fresh)
        part = f"{('static', 'login', 'api')[number % 3]}.{name}"
        WORLD[part] = Site(status=403)
        _add(name, "sub-domain", Site(essential=(part,), is_secure=number < 5))
    for _ in range(35):
        part = next(_others)
        WORLD[part] = Site()
        _add(next(_fresh), "third party", Site(essential=(part,)))
    for _ in range(15):
        name = next(_fresh)
        WORLD[f"www.{name}"] = Site()
        _add(name, "redirect", Site(redirect=f"www.{name}"))


_broken(_usable())
LINES: Final = [line for line, _ in TRUTH]
TEXT: Final = "# Names that may be reached (invented)\n" + "\n".join(LINES) + "\n"
WORKS: Final = frozenset({"plain", "paired", "with its parts", "does without"})
RULE_OF: Final = {
    "malformed": "name.malformed",
    "misspelled": "name.unresolved",
    "twice": "name.duplicate",
    "dead": "name.no_page",
    "chain": "name.chain_unpaired",
    "sub-domain": "name.subdomain_missing",
    "third party": "name.third_party_missing",
    "redirect": "name.redirect_missing",
}
"""The rule by which each kind of fault is to be found."""
