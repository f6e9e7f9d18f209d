"""May 2025: what the CDN's engineers got, and how the site outlived its origin."""

import json
import subprocess

import pytest

from tests.cases.readers import read_events, read_html
from tests.lab.publishing.story.people import CHAND
from tests.lab.publishing.story.story import CONTACTS, LETTERS, Story

pytestmark = pytest.mark.lab


def test_the_pack_is_whole_and_signed_by_the_key_that_the_site_shows(story: Story) -> None:
    assert "all as signed" in story.told["pack"].out
    assert story.ids["key"] in story.page("en/about.html")


def test_without_the_key_the_signer_is_said_to_be_unknown(story: Story) -> None:
    assert "who signed it is not known" in story.told["pack, no key"].err


def test_an_altered_verdict_is_named_and_the_pack_refused(story: Story) -> None:
    assert "verdicts/verdicts.jsonl: not what was signed." in story.told["pack, altered"].err


def test_the_pack_holds_the_measurement_and_its_verdict_as_they_were(story: Story) -> None:
    folder = story.desk.folder
    for kind, name in (("measurements", "round.jsonl"), ("verdicts", "verdicts.jsonl")):
        assert (folder / "unpacked" / kind / name).read_bytes() == (folder / name).read_bytes()
    verdict = json.loads((folder / "verdicts.jsonl").read_bytes())
    assert (verdict["state"], verdict["mechanisms"]) == ("blocked", ["tls.reset.sni"])


def test_the_pack_can_be_recomputed_with_what_is_in_it(story: Story) -> None:
    said = story.raabta("diagnose", "unpacked/measurements/round.jsonl", "--format", "jsonl").out
    found, told = json.loads(said), json.loads((story.desk.folder / "unpacked/verdicts/verdicts.jsonl").read_bytes())
    assert (found["state"], found["posterior"]) == (told["state"], told["posterior"])


def test_the_pack_says_what_it_withholds_and_holds_no_letter_and_no_contact(story: Story) -> None:
    assert "1 × letter or call" in story.told["pack"].out
    files = [file for file in (story.desk.folder / "unpacked").rglob("*") if file.is_file()]
    texts = [file.read_bytes().decode(errors="replace") for file in files]
    assert len(files) >= 9
    assert not [one for one in (*CONTACTS, *LETTERS) if any(one in text for text in texts)]


def test_the_packs_manifest_is_checked_by_minisign_too(story: Story) -> None:
    done = subprocess.run(
        ["minisign", "-V", "-m", "manifest.json", "-P", story.ids["key"]],
        cwd=story.desk.folder / "unpacked", capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("language", "words"), [("en", "Kept"), ("ur", "پورا")])
def test_the_promise_of_a_repair_and_that_it_was_kept_are_public(story: Story, language: str, words: str) -> None:
    page = read_html(story.page(f"{language}/incident/{story.ids['may']}.html"))
    (promise,) = page.xpath("//li[contains(@class,'promise')]")
    said = " ".join(promise.itertext())
    assert "24–48" in said
    assert words in said


def test_a_mirror_serves_the_same_page_when_the_origin_is_dead(story: Story) -> None:
    assert story.found["on the mirror"] == story.found["on the origin"]
    origin = story.told["origin dead"].rows[0]
    assert [fault["kind"] for fault in origin["faults"]] == ["unreachable"]


def test_a_stranger_with_the_key_alone_finds_the_mirror_right(story: Story) -> None:
    (found,) = story.told["second alone"].rows
    assert (found["faults"], found["n_looked_at"]) == ([], found["n_files"])


def test_a_frozen_mirror_is_older_than_the_others_and_alone_found_by_its_age(story: Story) -> None:
    beside = [[fault["kind"] for fault in row["faults"]] for row in story.told["frozen"].rows]
    assert beside == [[], [], ["older"]]
    (alone,) = story.told["third alone"].rows
    assert [fault["kind"] for fault in alone["faults"]] == ["expired"]


def test_after_the_next_publishing_all_mirrors_are_right(story: Story) -> None:
    assert [row["faults"] for row in story.told["all right"].rows] == [[], []]


def test_every_page_names_the_mirrors(story: Story) -> None:
    page = story.page(f"ur/incident/{story.ids['may']}.html")
    assert all(url in page for url in (story.ground.second_url, story.ground.third_url))


@pytest.mark.parametrize(
    ("language", "place"), [("en", "Karachi, the association's house"), ("ur", "کراچی، انجمن کا گھر")]
)
def test_the_members_meeting_is_in_the_calendar_and_in_the_mail(story: Story, language: str, place: str) -> None:
    (event,) = [one for one in read_events(story.raw(f"{language}/calendar.ics")) if story.ids["meeting"] in one["UID"]]
    assert event.start.isoformat() == "2025-06-10T10:00:00+00:00"
    assert event.end.isoformat() == "2025-06-10T12:30:00+00:00"
    assert place in str(event["LOCATION"])
    assert any(place in one.text for one in story.mails(CHAND))


def test_at_the_end_nothing_is_due_and_nothing_waits(story: Story) -> None:
    assert "Nothing is due." in story.told["nothing due"].err
    assert {(row["waiting"], row["sending"]) for row in story.told["outbox"].rows} == {(0, 0)}
