"""A client of Statuspage's API, made by others, reads ours over HTTP as it reads any other page."""

from pathlib import Path

import pytest

from raabta.publish.feeds import statuspage
from tests.cases.publication import NOW, example_site, example_threads
from tests.cases.web import serving_folder


def test_a_client_of_statuspage_sees_incident_maintenance_and_components(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it keeps a cache where it runs
    checker = pytest.importorskip("statuspage_prometheus_exporter.service_checker")
    for path, raw in statuspage.render(example_threads(), example_site(), now=NOW).items():
        file = tmp_path / "site" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
    with serving_folder(tmp_path / "site") as url:
        config = {"name": "Raabta", "url": f"{url}/api/v2/summary.json"}
        found = checker.check_status_page_service("raabta", config)
    assert found["success"]
    assert [one["id"] for one in found["incident_metadata"]] == ["in-cdn2025may19"]
    assert found["incident_metadata"][0]["status"] == "identified"
    assert [one["id"] for one in found["maintenance_metadata"]] == ["in-works2025may22"]
    statuses = {one["name"]: one["status"] for one in found["component_metadata"]}
    assert statuses["Sites behind Cloudflare"] == "partial_outage"
    assert statuses["VPN tunnels"] == "operational"
