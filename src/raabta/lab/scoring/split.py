"""Which families serve for what: fitting likelihoods, calibrating their sum, scoring. The table is ``split.toml``."""

import functools
import importlib.resources
from typing import Final, Literal

import msgspec

Part = Literal["fitting", "calibration", "scoring"]

PARTS: Final[tuple[Part, ...]] = ("fitting", "calibration", "scoring")


@functools.cache
def load_split() -> dict[str, Part]:
    """Give the part of every family of the package.

    Raises:
        ValueError: A family stands in two parts.
    """
    raw = importlib.resources.files("raabta.lab.scoring").joinpath("split.toml").read_bytes()
    rows = msgspec.toml.decode(raw, type=dict[Part, list[str]])
    split: dict[str, Part] = {}
    for part, families in rows.items():
        for family in families:
            if family in split:
                raise ValueError(f"split.toml: {family} stands in {split[family]} and in {part}; leave it in one")
            split[family] = part
    return split


def part_of(family: str) -> Part:
    """Give the part of a family. One that the package does not have was never seen in fitting: it is for scoring."""
    return load_split().get(family, "scoring")
