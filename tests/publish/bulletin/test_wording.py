"""A bulletin in words."""

import datetime as dt

import pytest
from msgspec import structs

from raabta.model.bulletin import LANGUAGES, Advisory, Bulletin, Language, Meeting
from raabta.publish.bidi import FSI, PDI
from raabta.publish.bulletin.wording import parts, plain, subject
from tests.cases.bulletins import LATER, NOW, SITE, TEXTS

BULLETIN = Bulletin(
    id="bu-a",
    thread_id="in-a",
    kind="incident",
    number=1,
    texts=TEXTS,
    incident_state="confirmed",
    severity="major",
    component_ids=("vpn",),
    operator_ids=("jazz", "gone"),
    evidence_class="corroborated",
    probability_percent=85,
    next_update_at=LATER,
    author="Amina",
    created_at=NOW,
    changed_at=NOW,
    published_at=NOW,
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_time_carries_its_zone(language: Language) -> None:
    whole = plain(BULLETIN, SITE, language=language)
    assert whole.count("PKT (UTC+05:00)") == 2
    assert "16:00 PKT" in whole


def test_a_cause_is_never_said_without_class_and_probability() -> None:
    words = {part.name: part.text for part in parts(BULLETIN, SITE, language="en")}
    assert words["cause"] == "Measured on several networks, beside a witness outside, probability 85%"


def test_names_are_those_of_the_settings_and_an_unknown_one_stays() -> None:
    words = {part.name: part.text for part in parts(BULLETIN, SITE, language="ur")}
    assert (words["components"], words["operators"]) == ("وی پی این", "جاز، gone")


def test_latin_runs_are_isolated_in_urdu_and_only_there() -> None:
    assert f"{FSI}14:00 PKT{PDI}" in plain(BULLETIN, SITE, language="ur")
    assert FSI not in plain(BULLETIN, SITE, language="en")


def test_digits_are_those_of_the_site() -> None:
    urdu = structs.replace(SITE, digits="extended_arabic")
    assert "۸۵%" in plain(BULLETIN, urdu, language="ur")
    assert "85%" in plain(BULLETIN, urdu, language="en")


def test_the_last_one_says_that_none_follows() -> None:
    last = structs.replace(BULLETIN, final=True, next_update_at=None)
    assert plain(last, SITE, language="en").endswith("\nNo further update is planned.\n")


def test_a_draft_without_a_time_of_publication_can_be_shown() -> None:
    draft = structs.replace(BULLETIN, published_at=None)
    assert "Published" not in plain(draft, SITE, language="en")


def test_meetings_and_advisories_say_their_facts() -> None:
    meeting = Meeting(starts_at=NOW, ends_at=NOW + dt.timedelta(hours=1), place_en="Hall", place_ur="ہال")
    advisory = Advisory(products=("pan-os",), affected="10.2", fixed="10.2.9-h1", identifiers=("CVE-2024-3400",))
    told = structs.replace(BULLETIN, incident_state=None, meeting=(meeting,), advisory=(advisory,))
    names = [part.name for part in parts(told, SITE, language="en")]
    assert names[2:9] == ["starts", "ends", "place", "products", "affected", "fixed", "identifiers"]
    assert "cause" not in names


def test_the_subject_says_who_speaks_and_the_state() -> None:
    assert subject(BULLETIN, SITE, language="en") == "[Software Association] VPNs fail — Confirmed"


def test_the_other_language_stands_in_where_one_is_missing() -> None:
    assert plain(structs.replace(BULLETIN, texts=TEXTS[:1]), SITE, language="ur").startswith(f"{FSI}VPNs fail")


@pytest.mark.parametrize(("language", "heading"), [("en", "Resolved: "), ("ur", "حل ہو گیا: ")])
def test_a_subject_says_the_state_once(language: Language, heading: str) -> None:
    texts = tuple(structs.replace(one, title=f"{heading}{one.title}") for one in TEXTS)
    told = structs.replace(BULLETIN, texts=texts, incident_state="resolved")
    assert subject(told, SITE, language=language).count(heading.rstrip(": ")) == 1


@pytest.mark.parametrize(("language", "words"), [("en", "Cause: Not established"), ("ur", "وجہ: ثابت نہیں ہوئی")])
def test_a_cause_that_nobody_has_shown_says_the_word_cause_once(language: Language, words: str) -> None:
    told = structs.replace(BULLETIN, evidence_class="none", probability_percent=None)
    assert words in plain(told, SITE, language=language).splitlines()


def test_versions_and_identifiers_that_the_text_says_are_not_said_again() -> None:
    known = "Identifiers: CVE-2024-3400.\nAffected versions: 10.2.9."
    texts = tuple(structs.replace(one, known=known) for one in TEXTS)
    about = Advisory(
        products=("fortios",), identifiers=("CVE-2024-3400", "CVE-2024-34"), affected="10.2.9", fixed="10.2.9-h1"
    )
    told = structs.replace(BULLETIN, kind="advisory", incident_state=None, texts=texts, advisory=(about,))
    words = {part.name: part.text for part in parts(told, SITE, language="en")}
    assert (words.get("affected"), words["fixed"], words["identifiers"]) == (None, "10.2.9-h1", "CVE-2024-34")
