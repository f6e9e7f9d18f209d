"""Failures that are known to be the probe's own say nothing about the network."""

import pytest

from tests.cases.documents import Document
from tests.cases.judging import judge
from tests.cases.services import signal


def unknown_authority(*, version: str, measured_at: str) -> Document:
    document = signal()
    document["test_version"] = version
    document["measurement_start_time"] = measured_at
    for handshake in document["test_keys"]["tls_handshakes"]:
        handshake["failure"] = "ssl_unknown_authority"
    return document


@pytest.mark.parametrize("version", ["0.2.0", "0.2.3"])
def test_an_authority_that_old_signal_tests_do_not_know_is_not_interference(version: str) -> None:
    verdict = judge(unknown_authority(version=version, measured_at="2022-10-27 00:03:16"))
    assert (verdict.state, verdict.mechanisms) == ("insufficient", [])
    assert "does not know the authority" in verdict.reason


@pytest.mark.parametrize(
    ("version", "measured_at"), [("0.2.4", "2022-10-27 00:03:16"), ("0.2.0", "2022-10-18 23:59:59")]
)
def test_an_unknown_authority_counts_where_the_probe_knows_it(version: str, measured_at: str) -> None:
    verdict = judge(unknown_authority(version=version, measured_at=measured_at), prior="watchlist")
    assert verdict.state == "blocked"
    assert verdict.layers == ["tls"]
