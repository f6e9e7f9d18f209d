"""One document's bytes to a ``Measurement``.

Two ways. The fast one decodes into types and is right for nearly every document. When the decoder refuses, the slow
one decodes to plain values, then converts field by field (``salvage``), so that a bad field loses only itself; it costs
some ten times as much, and only the documents that need it pay.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from raabta.model import Measurement, Note, Rejection
from raabta.wire.ooni.nettests import build_parts
from raabta.wire.ooni.published import NETTESTS
from raabta.wire.ooni.repair import UnreadableError, read_slowly
from raabta.wire.ooni.salvage import salvage
from raabta.wire.ooni.steps import asn_of
from raabta.wire.ooni.types import DECODE_ERRORS, WireDocument, WireTestKeys

_DECODER: Final = msgspec.json.Decoder(WireDocument)


def read_measurement(data: bytes, *, file: str, line: int) -> Measurement | Rejection:
    """Read one OONI document.

    Args:
        data: The bytes of one JSON document, without what stands around it.
        file: Name of its file, for messages and the verdict's ``source``.
        line: Line it begins on, from 1.

    Returns:
        The measurement, with a note for each field that was lost; or why the document could not be read.

    Source: ooni/spec df-000-base, and nettests ts-*.
    """
    notes: list[Note] = []
    try:
        document = _DECODER.decode(data)
    except DECODE_ERRORS:
        slow = _decode_slowly(data, file, line, notes)
        if isinstance(slow, Rejection):
            return slow
        document = slow
    return _build(document, data, file=file, line=line, notes=notes)


def _decode_slowly(data: bytes, file: str, line: int, notes: list[Note]) -> WireDocument | Rejection:
    try:
        value = msgspec.json.decode(data)
    except DECODE_ERRORS:
        try:
            value, repairs = read_slowly(data)
        except UnreadableError as error:
            return Rejection(file=file, line=line, field="(document)", reason=str(error))
        notes += repairs
    return _envelope(value, file, line, notes)


def _envelope(value: Any, file: str, line: int, notes: list[Note]) -> WireDocument | Rejection:
    if not isinstance(value, dict):
        found = "null" if value is None else type(value).__name__
        reason = (
            f"a measurement is a JSON object, this is {found}; give OONI measurement documents, one a line or a file"
        )
        return Rejection(file=file, line=line, field="(document)", reason=reason)
    name = value.get("test_name")
    if not isinstance(name, str) or not name:
        reason = "the nettest's name is missing or not text; without it the document cannot be read"
        return Rejection(file=file, line=line, field="test_name", reason=reason)
    document = salvage(value, WireDocument, path="", notes=notes)
    if not isinstance(document, WireDocument):
        return Rejection(file=file, line=line, field="(document)", reason="no field of the envelope could be read")
    return document


class _Keys(Struct):
    test_keys: dict[str, Any] = {}


MAX_FACT_CHARS: Final = 200

_FACTS: Final = frozenset(
    [
        "api_failure",
        "api_status",
        "body_length_match",
        "body_proportion",
        "bootstrap_time",
        "browser_name",
        "ca_cert_status",
        "control_failure",
        "dns_discrepancy",
        "error",
        "experiment_failure",
        "factor",
        "failed_operation",
        "failure",
        "headers_match",
        "load_time_ms",
        "max_runtime",
        "rendezvous_method",
        "result",
        "status_code_match",
        "success",
        "timeout",
        "tor_progress",
        "tor_progress_summary",
        "tor_progress_tag",
        "tor_version",
        "total",
        "transport_name",
        "transport_status",
        "tunnel",
    ]
)
"""Fields kept as facts: none can hold the address of the person who measured, or of their resolver."""


def _facts(data: bytes) -> dict[str, str | int | float | bool | None]:
    """Give what a nettest that is not judged reported: the plain fields of ``_FACTS``."""
    try:
        keys = msgspec.json.decode(data, type=_Keys).test_keys
    except DECODE_ERRORS:
        return {}
    return {
        name: value[:MAX_FACT_CHARS] if isinstance(value, str) else value
        for name, value in keys.items()
        if name in _FACTS and _is_plain(value)
    }


def _is_plain(value: object) -> bool:
    if isinstance(value, int):
        return -(1 << 63) <= value < 1 << 63
    return value is None or isinstance(value, str | float)


def _build(document: WireDocument, data: bytes, *, file: str, line: int, notes: list[Note]) -> Measurement | Rejection:
    if not document.test_name:
        reason = "the nettest's name is empty; without it the document cannot be read"
        return Rejection(file=file, line=line, field="test_name", reason=reason)
    asked = document.input
    text = asked if isinstance(asked, str) else " ".join(asked) if asked else ""
    nettest = NETTESTS.get(document.test_name)
    parts = build_parts(document.test_name, document.test_keys or WireTestKeys(), asked=text, notes=notes)
    if nettest is None or nettest.unjudged:
        parts["facts"] = _facts(data)
    return Measurement(
        file=file,
        line=line,
        uid=document.measurement_uid or document.id or "",
        report=document.report_id or "",
        test_name=document.test_name,
        test_version=document.test_version or "",
        input=text,
        probe_cc=document.probe_cc or "",
        probe_asn=_probe_asn(document.probe_asn, notes),
        measured_at=_utc(document.measurement_start_time or document.test_start_time, notes),
        notes=tuple(notes),
        unjudged="this nettest is not known here" if nettest is None else nettest.unjudged,
        **parts,
    )


def _probe_asn(value: str | int | None, notes: list[Note]) -> int:
    asn = asn_of(value)
    if not asn and value not in (None, "", "AS0", 0):
        notes.append(Note(field="probe_asn", reason=f"not an AS number: {str(value)[:40]!r}"))
    return asn


def _utc(text: str | None, notes: list[Note]) -> str:
    """Give an OONI time ("2024-02-12 20:33:47", UTC) in ISO 8601; "" with a note where it is none."""
    if not text:
        return ""
    try:
        at = datetime.fromisoformat(text)
        if len(text) == 19 and text[10] in " T":
            return f"{text[:10]}T{text[11:]}Z"
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        notes.append(Note(field="measurement_start_time", reason=f"not a time: {text[:40]!r}"))
        return ""
    return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
