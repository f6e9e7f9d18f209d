"""Where a field stands in the text of a TOML file: the parser does not tell, and a mistake must name its line.

Only what a scenario has is followed: headings ``[[table]]`` and ``[table]``, keys at the left of ``=``, and arrays of
inline tables with one table a line. A key inside an inline table has the line of that table.
"""

import re
from typing import Final

_HEADING: Final = re.compile(r"^\s*\[\[?\s*([\w.-]+)\s*\]\]?")
_KEY: Final = re.compile(r"^\s*([\w-]+)(?:\.[\w.-]+)?\s*=(.*)$")


def find_places(text: str) -> dict[str, int]:
    """Give the line of every heading and key, as ``title``, ``network[1]`` and ``network[1].line``."""
    places: dict[str, int] = {}
    counts: dict[str, int] = {}
    place, key_place, depth, n_items = "", "", 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if depth <= 0 and (heading := _HEADING.match(line)):
            name, _, below = heading[1].partition(".")
            if not below:
                counts[name] = counts.get(name, -1) + 1
            place = f"{name}[{max(counts.get(name, 0), 0)}]"
            places.setdefault(f"{place}.{below}" if below else place, number)
            depth = 0
        elif depth <= 0 and (key := _KEY.match(line)):
            key_place = f"{place}.{key[1]}" if place else key[1]
            places.setdefault(key_place, number)
            depth, n_items = _depth(key[2]), 0
        else:
            if depth == 1 and line.lstrip().startswith("{"):
                places.setdefault(f"{key_place}[{n_items}]", number)
                n_items += 1
            depth += _depth(line)
    return places


def line_of(places: dict[str, int], field: str) -> int:
    """Give the line of a field, or of the nearest thing around it; 1 where nothing is known."""
    while field:
        for place in (field, f"{field}[0]"):
            if place in places:
                return places[place]
        field = field.rpartition(".")[0] if "." in field else field.rpartition("[")[0]
    return 1


def _depth(text: str) -> int:
    """Count brackets that stay open, outside strings and comments."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*', "", text)
    return bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")
