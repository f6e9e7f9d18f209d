import datetime as dt
from collections.abc import Iterator

import pytest

from raabta.pipeline.informing.subscribing.bounces import (
    REPORT_BYTES_MAX,
    Bounce,
    BounceKind,
    kind_of,
    note_bounce,
    read_bounce,
)
from raabta.pipeline.informing.tokens import make_token
from raabta.registry import Records
from tests.cases.subscribing import subscriber
from tests.registry.specimens import KEY, NOW, opened

DAY = dt.timedelta(days=1)
TOKEN = make_token(KEY, "bounce", id_="su-a")
REPORT = """\
From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: {kind}; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

This is the mail system.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822; someone@example.pk
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no

--b1
Content-Type: message/rfc822

From: desk@example.pk
To: someone@example.pk
Subject: A bulletin

Status: 5.1.1
Action: failed
--b1--
"""


def report(
    status: str = "5.1.1", *, action: str = "failed", to: str = f"bounces+{TOKEN}@example.pk", kind: str = ""
) -> bytes:
    return REPORT.format(status=status, action=action, to=to, kind=kind or "multipart/report").encode()


@pytest.fixture
def records() -> Iterator[Records]:
    with opened() as register, register.change() as records:
        records.add(subscriber())
        yield records


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", "hard"),
        ("5.1.10", "hard"),
        ("5.0.0", "hard"),
        ("5.4.4", "hard"),
        ("5.2.1", "hard"),
        ("5.2.2", "soft"),
        ("5.3.4", "soft"),
        ("5.7.1", "soft"),
        ("5.7.26", "soft"),
        ("4.4.7", "soft"),
        ("4.2.2", "soft"),
    ],
)
def test_a_report_tells_who_and_whether_for_good(status: str, kind: BounceKind) -> None:
    assert read_bounce(report(status), KEY) == Bounce(subscriber_id="su-a", kind=kind, status=status)
    assert kind_of(status) == kind


def test_the_token_may_come_in_any_case_in_another_header_or_beside_the_message() -> None:
    in_capitals = report(to=f"<BOUNCES+{TOKEN.upper()}@EXAMPLE.PK>")
    elsewhere = report(to="bounces@example.pk").replace(b"From:", f"Delivered-To: b+{TOKEN}@example.pk\nFrom:".encode())
    without = report(to="bounces@example.pk")
    found = [
        read_bounce(in_capitals, KEY),
        read_bounce(elsewhere, KEY),
        read_bounce(without, KEY, recipient=TOKEN),
        read_bounce(without, KEY, recipient=f"bounces+{TOKEN}@example.pk"),
    ]
    assert {one.subscriber_id for one in found if one is not None} == {"su-a"}
    assert None not in found


@pytest.mark.parametrize(
    "raw",
    [
        report(action="delayed", status="4.4.1"),
        report(action="delivered", status="2.0.0"),
        report(action="relayed", status="2.0.0"),
        report(status="none"),
        report(kind="multipart/mixed"),
        b"From: someone@example.pk\nSubject: I am away\nAuto-Submitted: auto-replied\n\nBack soon",
        b"",
        b"\xff\xfe\x00",
    ],
    ids=["delayed", "delivered", "relayed", "no-status", "no-report", "away", "empty", "bytes"],
)
def test_what_reports_no_failure_changes_nothing(raw: bytes) -> None:
    assert read_bounce(raw, KEY) is None


@pytest.mark.parametrize(
    "to",
    [
        "bounces@example.pk",
        "bounces+su-a@example.pk",
        f"bounces+{make_token(KEY, 'leave', id_='su-a')}@example.pk",
        f"bounces+{TOKEN[:-1]}x@example.pk",
    ],
)
def test_a_report_without_a_token_of_ours_is_refused(to: str) -> None:
    with pytest.raises(ValueError, match="without a token of ours"):
        read_bounce(report(to=to), KEY)


def test_a_message_that_only_repeats_a_report_is_none() -> None:
    head = f'Content-Type: multipart/report; boundary="o"\nTo: bounces+{TOKEN}@example.pk\n\n--o\n'
    raw = head.encode() + b"Content-Type: message/rfc822\n\n" + report() + b"\n--o--\n"
    assert read_bounce(raw, KEY) is None


def test_what_is_too_long_or_too_deep_is_refused_quickly() -> None:
    with pytest.raises(ValueError, match="no delivery report"):
        read_bounce(b"x" * (REPORT_BYTES_MAX + 1), KEY)
    parts = b"".join(b'Content-Type: multipart/report; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000))
    with pytest.raises(ValueError, match="without end"):
        read_bounce(parts, KEY)


def test_one_hard_bounce_suspends_at_once(records: Records) -> None:
    noted = note_bounce(records, "su-a", kind="hard", now=NOW)
    assert noted is not None
    assert (noted.state, noted.n_bounces) == ("suspended", 1)
    assert note_bounce(records, "su-a", kind="hard", now=NOW) is None


def states(records: Records, *days: float) -> list[str]:
    noted = [note_bounce(records, "su-a", kind="soft", now=NOW + day * DAY) for day in days]
    return [one.state for one in noted if one is not None]


def test_three_soft_bounces_within_14_days_suspend(records: Records) -> None:
    assert states(records, 0, 6, 14) == ["confirmed", "confirmed", "suspended"]


def test_soft_bounces_far_from_each_other_do_not(records: Records) -> None:
    assert states(records, 0, 15, 30, 45) == ["confirmed"] * 4


def test_many_soft_bounces_on_one_day_are_one(records: Records) -> None:
    assert states(records, 0, 0.1, 0.2, 0.3, 1, 1.1) == ["confirmed"] * 6


def test_a_bounce_of_who_left_or_never_confirmed_changes_nothing(records: Records) -> None:
    records.add(subscriber(id="su-b", state="ended", address="", address_hash=""))
    records.add(subscriber(id="su-c", state="pending", address_hash="cd" * 20))
    assert [note_bounce(records, id_, kind="hard", now=NOW) for id_ in ("su-b", "su-c", "su-z")] == [None] * 3
