"""The envelope of a document (df-000): who measured, as far as it is written, and when. Never an address."""

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from raabta.wire.ooni.writing import Document, TestKeys

TEST_NAME: Final = "web_connectivity"
TEST_VERSION: Final = "0.5.0"
"""The nettest whose shape is written (ooni/spec ts-017)."""
SOFTWARE_NAME: Final = "raabta-probe"

UNKNOWN_COUNTRY: Final = "ZZ"
"""How OONI writes that the country is not known."""


class Identity(Struct, frozen=True, kw_only=True):
    """What the envelope of every document of a round says.

    ``country`` "" and ``asn`` 0 mean "not known": then the control's word is taken, which sees where questions come
    from. ``report_id`` is one for the round, made by chance at the edge; ``software`` is the version of Raabta.
    """

    country: str = ""
    asn: int = 0
    report_id: str = ""
    software: str = ""
    platform: str = ""


def make_document(
    keys: TestKeys,
    *,
    asked: str,
    identity: Identity,
    times: tuple[datetime, datetime, float],
    annotations: dict[str, str],
) -> Document:
    """Put test keys into their envelope.

    Args:
        keys: What was measured, scrubbed.
        asked: What was measured, as it was asked for.
        identity: Who measured.
        times: Beginning of the round and of the measurement, and the measurement's seconds.
        annotations: What else to say of the target: its name, its provider.
    """
    round_at, begun_at, runtime_s = times
    return Document(
        input=asked,
        measurement_start_time=_utc(begun_at),
        test_start_time=_utc(round_at),
        probe_asn=f"AS{identity.asn}",
        probe_cc=identity.country or UNKNOWN_COUNTRY,
        report_id=identity.report_id,
        test_name=TEST_NAME,
        test_version=TEST_VERSION,
        software_name=SOFTWARE_NAME,
        software_version=identity.software,
        test_runtime=round(runtime_s, 3),
        test_keys=keys,
        annotations={**annotations, **({"platform": identity.platform} if identity.platform else {})},
    )


def _utc(at: datetime) -> str:
    """Give a time as df-000 has it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
