"""Chance that can be repeated: a hash of the scenario's seed and a turn, so that runs are alike."""

import hashlib
from itertools import count


class Chance:
    """Throws a die that the seed has loaded, the same way every time. ``purpose`` keeps two users apart."""

    def __init__(self, seed: int, *, purpose: str) -> None:
        self._seed = seed
        self._purpose = purpose
        self._turns: count[int] = count()

    def happens(self, probability: float) -> bool:
        """Decide whether something of this probability happens now."""
        if probability >= 1:
            return True
        key = f"{self._seed} {self._purpose} {next(self._turns)}".encode()
        return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") < probability * 2**64
