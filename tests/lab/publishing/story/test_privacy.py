"""What was planted stands nowhere that it must not: pages, mails, calls, feeds, logs, and the desk's own disk."""

import sqlite3
from collections.abc import Iterator

import pytest

from tests.lab.publishing.story import people
from tests.lab.publishing.story.story import CONTACTS, IDENTITY, LETTERS, MEMBERS, REPORTED, REPORTER, Story

pytestmark = pytest.mark.lab

NUMBERS = (IDENTITY, IDENTITY.replace("-", ""))
PRIVATE = (*NUMBERS, *CONTACTS, *LETTERS, REPORTED, *MEMBERS, REPORTER)
OUTSIDE = ("site", "second", "third", "unpacked", "dossier.md", "share")


def outside(story: Story) -> Iterator[tuple[str, str]]:
    """Give all that left the house, by name."""
    for name in OUTSIDE:
        top = story.desk.folder / name
        for file in [top, *top.rglob("*")]:
            if file.is_file() and not file.is_symlink():
                yield str(file.relative_to(story.desk.folder)), file.read_bytes().decode(errors="replace")
    for one in story.mails():
        html = one.message.get_body(("html",)).get_content()
        yield f"mail to {one.to}", f"{one.subject}\n{one.text}\n{html}\n{dict(one.message)}"
    yield from ((f"call {n}", call.body.decode()) for n, call in enumerate(story.ground.hooks.got))
    yield from ((f"note {n}", note) for n, note in enumerate(story.notes()))


def test_nothing_private_left_the_house(story: Story) -> None:
    left = dict(outside(story))
    assert len(left) > 150
    found = {(name, one) for name, text in left.items() for one in PRIVATE if one in text}
    assert found == {(f"mail to {REPORTER}", REPORTER)}


def test_no_address_of_a_subscriber_is_in_anything_but_their_own_mail(story: Story) -> None:
    for name, text in outside(story):
        assert not [one for one in people.EVERYBODY if one in text and name != f"mail to {one}"], name


def test_no_command_and_no_log_says_what_is_confidential(story: Story) -> None:
    shown = [said for said in story.desk.said if said.words[:3] != ("incident", "report", "show")]
    said = "".join(one.out + one.err for one in shown) + "".join(story.ground.forms_said)
    assert not [one for one in (*NUMBERS, *CONTACTS, *LETTERS, REPORTED, REPORTER, *people.EVERYBODY) if one in said]


def test_the_register_on_the_disk_holds_contacts_and_letters_only_encrypted(story: Story) -> None:
    files = [file for file in (story.desk.folder / "register").rglob("*") if file.is_file()]
    raw = b"".join(file.read_bytes() for file in files)
    assert len(raw) > 100_000
    planted = (*NUMBERS, *CONTACTS, *LETTERS, REPORTED, REPORTER, *people.EVERYBODY)
    assert not [one for one in planted if one.encode() in raw]


def test_no_address_of_a_visitors_machine_is_kept(story: Story) -> None:
    with sqlite3.connect(story.desk.folder / "register" / "register.sqlite") as database:
        names = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
        reports = [name for name in names if "report" in name]
        kept = "".join(str(row) for name in reports for row in database.execute(f"select * from {name}"))
    database.close()
    assert reports
    assert "127.0.0.1" not in kept
