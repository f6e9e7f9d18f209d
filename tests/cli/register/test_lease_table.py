import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from raabta.cli.register.lease import app
from raabta.cli.register.opening import opened
from raabta.model.exemption import Lease, LeaseGrant
from tests.registry.specimens import DEVICE_KEY

NOW = dt.datetime.now(dt.UTC)
SOON = NOW + dt.timedelta(hours=1)
GRANT = LeaseGrant(
    id="g-a",
    device_key=DEVICE_KEY,
    destination="185.1.2.3/32",
    port=51820,
    asns=(17557, 45595),
    organisation_ref="o-a",
    evidence_level=2,
    basis="pk.A",
    not_before=NOW,
    not_after=SOON,
)


def lease(id_: str, until: dt.datetime) -> Lease:
    times = {"asked_at": NOW, "not_before": NOW, "not_after": until}
    return Lease(id=id_, grant_id="g-a", address="39.40.1.1/32", nonce="once", signature="signed", **times)


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Write a register that has one lease in force, one that is over, and their grant."""
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "register"))
    monkeypatch.delenv("RAABTA_REGISTER_KEY", raising=False)
    with opened(None) as register, register.change() as records:
        for record in (GRANT, lease("l-on", SOON), lease("l-over", NOW - dt.timedelta(hours=1))):
            records.add(record)

    def run(*arguments: str) -> Result:
        done = CliRunner().invoke(app, ["export", *arguments])
        assert done.exit_code == 0, done.output
        return done

    return run


def test_leases_in_force_are_written_without_what_proves_them(export: Callable[..., Result]) -> None:
    written = export().stdout
    (row,) = csv.DictReader(written.splitlines())
    assert (row["id"], row["grant_id"], row["address"]) == ("l-on", "g-a", "39.40.1.1/32")
    assert not {"once", "signed", "nonce", "signature"} & set(written.replace("\n", ",").split(","))


def test_grants_are_written_in_either_form(export: Callable[..., Result]) -> None:
    (row,) = csv.DictReader(export("--grants").stdout.splitlines())
    assert (row["id"], row["asns"], row["max_h"]) == ("g-a", "17557 45595", "12")
    assert json.loads(export("--grants", "-f", "jsonl").stdout)["device_key"] == DEVICE_KEY
