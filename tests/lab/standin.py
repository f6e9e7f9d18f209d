"""A stand-in for the lab's worker: the same line protocol, and behaviour by the scenario's title."""

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from raabta.lab.order import Order, Report
from raabta.lab.results import blank_results

for line in sys.stdin.buffer:
    order = msgspec.json.decode(line, type=Order)
    what, _, path = order.scenario.title.partition(" ")
    if what == "die":
        print("the reason why", file=sys.stderr)
        sys.exit(7)
    if what == "hang":
        subprocess.Popen(["sleep", "1000"])
        Path(path).write_text("hanging", "utf-8")
        time.sleep(1000)
    note = f"{what} {os.getpid()} {order.repeat}"
    report = Report(results=blank_results(order.name, order.scenario, repeat=order.repeat, error=note))
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.flush()
