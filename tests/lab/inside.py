"""Runs one function of a test file as the first process of new namespaces: ``python -m tests.lab.inside FILE NAME``.

Its arguments come as a JSON list on standard input, what it returns goes out as JSON.
"""

import importlib.util
import json
import os
import sys

from raabta.lab.world.build import prepare_machine


def main(file: str, name: str) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is said goes to standard error
    spec = importlib.util.spec_from_file_location("inside", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["inside"] = module
    spec.loader.exec_module(module)
    prepare_machine()
    json.dump(getattr(module, name)(*json.load(sys.stdin)), answers)
    answers.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
