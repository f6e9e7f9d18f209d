"""Runs of the command line, and measurement documents made from the package's own example."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from raabta.cli import app
from raabta.pipeline import example_document


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``raabta`` in this process, 80 columns wide unless told otherwise."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)

    def run_it(*arguments: str | Path, given: bytes | None = None, env: dict[str, str] | None = None) -> Result:
        return CliRunner().invoke(
            app, [str(item) for item in arguments], input=given, env={"COLUMNS": "80", **(env or {})}
        )

    return run_it


@pytest.fixture
def document() -> Callable[..., bytes]:
    """Make a document, one line, from the example: other fields at its top, or the twin in which nothing interferes."""

    def make(*, works: bool = False, **fields: Any) -> bytes:
        made = json.loads(example_document())
        if works:
            keys = made["test_keys"]
            for handshake in keys["tls_handshakes"]:
                handshake["failure"] = None
            keys["network_events"] = []
            keys["requests"] = [
                {
                    "address": keys["tls_handshakes"][0]["address"],
                    "failure": None,
                    "request": {"method": "GET", "url": made["input"]},
                    "response": {
                        "code": 200,
                        "headers": {"Content-Type": "text/html; charset=utf-8"},
                        "body": f"<title>{keys['control']['http_request']['title']}</title>".ljust(18240),
                    },
                    "t": 0.4,
                    "transaction_id": 50001,
                }
            ]
        return json.dumps(made | fields).encode() + b"\n"

    return make


@pytest.fixture
def several(tmp_path: Path, document: Callable[..., bytes]) -> Path:
    """Four documents in two networks: two interfered with, one not, one of a nettest that is not judged."""
    path = tmp_path / "several.jsonl"
    path.write_bytes(
        document()
        + document(probe_asn="AS64511")
        + document(works=True, input="https://meet.example/")
        + document(test_name="riseupvpn", input=None)
    )
    return path
