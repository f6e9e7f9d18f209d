"""10 November 2024: what the desk, the people it tells and those who reported saw of six hours."""

import json

import pytest

from tests.cases.readers import read_html
from tests.lab.publishing.story import people
from tests.lab.publishing.story.ground import HEAD, OFFICER
from tests.lab.publishing.story.story import REPORTER, Story

pytestmark = pytest.mark.lab


def test_each_report_by_the_form_gets_a_code_and_a_page_in_its_language(story: Story) -> None:
    statuses, pages = zip(*story.found["reports"], strict=True)
    assert set(statuses) == {200}
    assert "Your code" in pages[0]
    assert "آپ کا کوڈ" in pages[2]


def test_a_report_with_an_identity_number_is_refused(story: Story) -> None:
    status, page = story.found["report with a number"]
    assert (status, "identity numbers" in page) == (400, True)


def test_reports_of_one_target_and_operator_form_a_group_that_suggests_an_incident(story: Story) -> None:
    groups = {row["operator_id"]: (row["n_reports"], row["suggests"]) for row in story.told["grouped"].rows}
    assert groups == {"ptcl": (4, "open"), "jazz": (1, "")}
    assert len(story.told["linked"].out.split()) == 5


def test_who_reported_is_told_that_it_came_in_and_what_became_of_it(story: Story) -> None:
    subjects = [one.subject for one in story.mails(REPORTER)]
    assert [subject.split()[0] for subject in subjects] == ["We", "Your"]
    assert "VPNs work again since 19:45." in story.mails(REPORTER)[-1].text


def test_who_reported_reads_the_name_of_the_component_and_is_led_to_the_incident(story: Story) -> None:
    first, last = (one.text for one in story.mails(REPORTER))
    for text in (first, last):
        assert "VPN tunnels cannot be reached well" in text
    assert f"/en/incident/{story.ids['november']}.html" in last


def test_the_state_of_a_report_can_be_asked_by_its_code_alone(story: Story) -> None:
    states = story.found["states of reports"]
    assert len(states) == 5
    assert all("Closed." in page or "بند کر دی گئی" in page for page in states.values())


def test_the_contact_of_a_closed_report_is_deleted(story: Story) -> None:
    (code,) = [code for code in story.found["states of reports"] if code in story.mails(REPORTER)[0].text]
    (shown,) = story.incident("report", "show", code, "--format", "jsonl").rows
    assert (shown["contact"], shown["state"]) == ("", "closed")


def test_the_second_person_is_told_which_time_only_one_language_says(story: Story) -> None:
    (difference,) = story.told["differs"].rows
    assert (difference["kind"], difference["fact"], difference["lacks"]) == ("time", "15:00 (UTC+05:00)", "en")
    assert "English and Urdu do not say the same" in story.told["not approved"].err


def test_nobody_approves_their_own_words_and_nothing_goes_out_unapproved(story: Story) -> None:
    assert "Somebody else approves it" in story.told["own approval"].err
    assert "not approved" in story.told["not published"].err


def test_the_first_notice_is_out_within_thirty_minutes_with_the_time_of_the_next(story: Story) -> None:
    page = read_html(story.pages["November en"])
    assert page.xpath("//p[@class='next']//time/@datetime") == ["2024-11-10T11:00:00Z"]
    (mail, *_) = [one for one in story.mails(people.CHAND) if "VPNs fail" in one.subject]
    assert mail.message["Date"].datetime.isoformat()[:16] == "2024-11-10T09:50"
    assert story.told["in time again"].code == 0


def test_a_missed_update_tells_the_officer_once_and_later_the_head_until_somebody_takes_it_on(story: Story) -> None:
    assert story.told["alarm"].first.endswith("/0")
    assert story.told["alarm again"].out == ""
    assert story.told["escalated"].first.endswith("/1")
    assert len(story.told["taken on"].out.split()) == 2
    assert story.told["no more alarms"].out == ""
    alarms = [(one.to, one.subject) for one in story.mails() if one.subject.startswith("Alarm")]
    assert [to for to, _ in alarms] == [OFFICER, HEAD]


def test_an_update_that_comes_late_ends_the_alarm(story: Story) -> None:
    assert story.told["calm"].code == 0


@pytest.mark.parametrize(("language", "words"), [("en", "it began at 14:00 PKT"), ("ur", "14:00 PKT")])
def test_a_correction_stands_beside_what_it_corrects(story: Story, language: str, words: str) -> None:
    page = read_html(story.page(f"{language}/incident/{story.ids['november']}.html"))
    (wrong,) = page.xpath(f"//article[@id='{story.ids['november first']}']")
    (right,) = page.xpath(f"//article[@id='{story.ids['november correction']}']")
    assert wrong.xpath(f".//p[@class='mend']//a[contains(@href, '{story.ids['november correction']}')]")
    assert words in " ".join(right.itertext())
    assert "13:40 PKT" in " ".join(right.itertext())


def test_the_dossier_for_everybody_has_the_public_question_alone(story: Story) -> None:
    dossier = (story.desk.folder / "dossier.md").read_text("utf-8")
    assert "Was this a trial of a block of VPNs?" in dossier
    assert "No. It was a technical glitch." in dossier
    assert "ports" not in dossier


def test_an_answer_that_does_not_come_is_overdue(story: Story) -> None:
    assert [row["kind"] for row in story.told["question overdue"].rows][:2] == ["question", "question"]


def test_a_consultation_draft_has_versions_and_shows_what_changed(story: Story) -> None:
    assert story.told["second version"].out.split()[-1] == "2"
    assert "+1. Register companies and freelancers alike." in story.told["diff"].out


def test_a_notice_for_members_reaches_members_alone(story: Story) -> None:
    assert {one.to for one in story.mails() if "VPN registration" in one.subject} == {people.CHAND}
    _nowhere_else(story, "members notice", "VPN registration")


def test_an_advisory_reaches_only_who_runs_the_product(story: Story) -> None:
    assert {one.to for one in story.mails() if "CVE-2024-47575" in one.text} == {people.DANA}
    _nowhere_else(story, "advisory", "CVE-2024-47575")


def _nowhere_else(story: Story, name: str, words: str) -> None:
    """Say that a bulletin is on no page, in no feed, and was told to no program and no room."""
    marks = (story.ids[name], words)
    files = [
        file.read_text("utf-8") for file in story.ground.site.rglob("*") if file.suffix != ".minisig" and file.is_file()
    ]
    told = [*files, *story.notes(), *(json.dumps(call) for call in story.calls())]
    assert not [text[:80] for text in told if any(mark in text for mark in marks)]
