"""Measures situations, country by country: the first process of namespaces of its own (``needs.unshared``).

Situations come as one line of JSON (a list) each on standard input, what was found goes out likewise. Neither says what
is true.
"""

import os
import sys
from typing import BinaryIO

import msgspec

from raabta.lab.exemption.arrangements import Situation
from raabta.lab.exemption.measuring import Measured, measure
from raabta.lab.world.build import LabUnavailableError, prepare_machine
from raabta.pipeline.expecting import ExpectSettings


def main() -> int:
    """Serve lines until standard input ends."""
    try:
        prepare_machine()
    except LabUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    answers = _claim_output()
    for line in sys.stdin.buffer:
        situations = msgspec.json.decode(line, type=list[Situation])
        answers.write(msgspec.json.encode(_found(situations)) + b"\n")
        answers.flush()
    return 0


def _found(situations: list[Situation]) -> list[Measured]:
    try:
        return measure(situations, settings=ExpectSettings())
    except (LabUnavailableError, RuntimeError, ValueError) as error:
        return [Measured(id=one.id, error=str(error)) for one in situations]


def _claim_output() -> BinaryIO:
    """Keep standard output for answers; whatever else is said goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    sys.exit(main())
