"""One lab: carries out orders, one after the other. The first process of namespaces of its own (``needs.unshared``).

Orders come as JSON lines on standard input, reports go out as JSON lines on standard output. Words go to standard
error, whose end the runner shows when a worker is lost. An exception ends the worker: the runner starts another.

``shell`` instead opens an interactive shell in a client of one scenario's country.
"""

import os
import signal
import sys
from typing import BinaryIO, Final

import msgspec

from raabta.lab.order import Order, Report
from raabta.lab.probing import Probing
from raabta.lab.results import CellResult, blank_results
from raabta.lab.running import make_authority, running
from raabta.lab.servers import Authority
from raabta.lab.shell import open_shell
from raabta.lab.vantage import measure_country
from raabta.lab.world.build import LabUnavailableError, prepare_machine
from raabta.lab.world.country import plan_country

SHELL: Final = "shell"


def main(arguments: list[str]) -> int:
    """Serve orders, or open a shell: ``shell ORDER NETWORK``, the order as JSON."""
    try:
        prepare_machine()
    except LabUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    authority = make_authority()
    if arguments[:1] == [SHELL]:
        return open_shell(msgspec.json.decode(arguments[1], type=Order), network=arguments[2], authority=authority)
    answers = _claim_output()
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        answers.write(msgspec.json.encode(Report(results=carry_out(order, authority=authority))) + b"\n")
        answers.flush()
    return 0


def carry_out(order: Order, *, authority: Authority) -> list[CellResult]:
    """Build the country, run it, measure all cells, remove it.

    Each repeat has a seed of its own, so that chance falls differently, and the same when it is run again.
    """
    scenario = msgspec.structs.replace(order.scenario, seed=order.scenario.seed + order.repeat)
    try:
        country = plan_country(scenario)
        with running(country, authority=authority):
            return measure_country(country, order, measure=Probing(trust_pem=authority.trust_pem))
    except LabUnavailableError as error:
        return blank_results(order.name, order.scenario, repeat=order.repeat, skipped=str(error))
    except (ValueError, RuntimeError) as error:
        return blank_results(order.name, order.scenario, repeat=order.repeat, error=str(error))


def _claim_output() -> BinaryIO:
    """Keep standard output for reports: what servers and libraries say there goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main(sys.argv[1:]))
