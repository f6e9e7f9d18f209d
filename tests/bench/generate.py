"""Documents put together at random by the reader's own types, with values that real documents have under a key."""

import random
from typing import Any, Final

import msgspec
from msgspec import inspect

from raabta.wire.ooni import NETTESTS
from raabta.wire.ooni.types import WireDocument, WireEvent
from tests.bench.mutations import ODD_TEXTS, Mutated, Source

_PRESENT: Final = 0.75
"""Share of fields that a generated object has."""
_KEPT: Final = 300
"""Values kept for one key."""

_RAW: Final = {"network_events": list[WireEvent], "peer_certificates": list[dict[str, str]]}

Pool = dict[str, list[Any]]


def collect(sources: list[Source]) -> Pool:
    """Collect the plain values that documents have under each key."""
    pool: Pool = {"test_name": list(NETTESTS)}
    for source in sources:
        for path in source.paths:
            _keep(pool, source, path)
    return pool


def _keep(pool: Pool, source: Source, path: tuple[str | int, ...]) -> None:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    kept = pool.setdefault(name, [])
    value: Any = source.tree
    for step in path:
        value = value[step]
    if len(kept) < _KEPT and not isinstance(value, (dict, list)):
        kept.append(value)


def generate(pool: Pool, rng: random.Random) -> Mutated:
    """Put one document together."""
    value = _value(inspect.type_info(WireDocument), "", (pool, rng))
    value["test_name"] = rng.choice(pool["test_name"])
    return Mutated(data=msgspec.json.encode(value), kind="generated", what=value["test_name"], one_field=True)


def _value(kind: inspect.Type, key: str, tools: tuple[Pool, random.Random]) -> Any:
    rng = tools[1]
    match kind:
        case inspect.StructType(fields=fields):
            return {
                field.encode_name: _value(field.type, field.encode_name, tools)
                for field in fields
                if rng.random() < _PRESENT
            }
        case inspect.UnionType(types=types):
            return _value(rng.choice([one for one in types if not isinstance(one, inspect.NoneType)]), key, tools)
        case inspect.ListType(item_type=item):
            return [_value(item, key, tools) for _ in range(rng.choice((0, 1, 1, 2, 3, 8)))]
        case inspect.DictType(value_type=item):
            return {
                str(_plain(rng.choice(("hostname", "address", "ip")), tools)): _value(item, key, tools)
                for _ in range(3)
            }
        case inspect.RawType():
            return _value(inspect.type_info(_RAW.get(key, list[str])), "data", tools)
        case inspect.BoolType():
            return rng.random() < 0.5
        case inspect.IntType() | inspect.FloatType():
            return rng.choice((rng.randrange(-2, 70_000), rng.random() * 60.0, 443, 80, 0))
        case _:
            return _plain(key, tools)


def _plain(key: str, tools: tuple[Pool, random.Random]) -> Any:
    pool, rng = tools
    if key in pool and pool[key] and rng.random() < 0.9:
        return rng.choice(pool[key])
    return msgspec.json.decode(f'"{rng.choice(ODD_TEXTS)}"')
