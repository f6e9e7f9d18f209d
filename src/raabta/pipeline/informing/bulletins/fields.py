"""What a bulletin must look like before it is kept. A complaint names the field and says what to try."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Final

from msgspec import structs

from raabta.model.bulletin import Advisory, Bulletin, BulletinText, Meeting
from raabta.model.incident import EVIDENCE_CLASSES
from raabta.model.site import Site
from raabta.publish.bulletin.wording import TEXT_PARTS
from raabta.publish.moments import local, say_moment
from raabta.registry.incidents.steps import moment, utc
from raabta.registry.incidents.texts import needed, tidy_line, tidy_text, tidy_url

TITLE_CHARACTERS_MAX: Final = 140
"""A subject line of a mail, and a line on a phone or two. Judgement."""
PART_CHARACTERS_MAX: Final = 5_000
"""Of a part in one language: some screens of a phone. Five of them in one update stay below a page's 50 kB."""
_MANY_MAX: Final = 50
"""Of components, operators, products, identifiers."""
MEETING_DAYS_MAX: Final = 14
NEXT_UPDATE_DAYS_MAX: Final = 90
"""A later "next update" is a typing error: the year, or the month."""


def tidied(bulletin: Bulletin, site: Site) -> Bulletin:
    """Give a bulletin in the one way of writing.

    Args:
        bulletin: As it was typed.
        site: The components, operators and products that there are.

    Raises:
        ValueError: A field cannot be kept. The text names it.
    """
    made = structs.replace(
        bulletin,
        texts=tuple(_text(one) for one in sorted(bulletin.texts, key=lambda one: one.language)),
        component_ids=_once("component", bulletin.component_ids, {one.id for one in site.components}),
        operator_ids=_once("operator", bulletin.operator_ids, {one.id for one in site.operators}),
        next_update_at=None if bulletin.next_update_at is None else moment("next_update_at", bulletin.next_update_at),
        meeting=tuple(map(_meeting, bulletin.meeting)),
        advisory=tuple(_advisory(one, site) for one in bulletin.advisory),
    )
    _check_texts(made)
    _check_kind(made)
    _check_evidence(made)
    _check_next(made)
    return made


def check_next_is_ahead(due: dt.datetime | None, site: Site, *, now: dt.datetime) -> None:
    """Refuse a next update that was promised for a time that has passed, or is too far away.

    Args:
        due: When the next update was promised for; None where it is the last one.
        site: The local zone.
        now: Aware UTC.

    Raises:
        ValueError: It has passed. The text gives the time in local time, and tomorrow's.
    """
    if due is None or now < due <= now + dt.timedelta(days=NEXT_UPDATE_DAYS_MAX):
        return
    said, at = say_moment(due, site, language="en"), say_moment(now, site, language="en")
    message = f"next: {said} is more than {NEXT_UPDATE_DAYS_MAX} days away. Look at the year and the month."
    if due <= now:
        days = dt.timedelta(days=(now - due) // dt.timedelta(days=1) + 1)
        following = f"{local(due, site) + days:%Y-%m-%d %H:%M}"
        which = "tomorrow's" if local(due, site).date() == local(now, site).date() else "the next"
        message = f'next: {said} has passed: it is {at}. If you mean {which}, write --next "{following}"; or --next +1h'
    raise ValueError(message)


def _text(text: BulletinText) -> BulletinText:
    name = f"{text.language}.title"
    title = needed(name, tidy_line(name, text.title, n_most=TITLE_CHARACTERS_MAX))
    parts = {
        part: tidy_text(f"{text.language}.{part}", getattr(text, part), n_most=PART_CHARACTERS_MAX)
        for part in TEXT_PARTS
    }
    if not any(parts.values()):
        message = f"{text.language}.known: the bulletin says nothing but its title. Write what is known."
        raise ValueError(message)
    return structs.replace(text, title=title, **parts)


def _meeting(meeting: Meeting) -> Meeting:
    starts, ends = moment("starts", meeting.starts_at), moment("ends", meeting.ends_at)
    if not starts < ends <= starts + dt.timedelta(days=MEETING_DAYS_MAX):
        message = (
            f"ends: the meeting begins at {utc(starts)}; it must end after that, and within {MEETING_DAYS_MAX} days."
        )
        raise ValueError(message)
    return structs.replace(
        meeting,
        starts_at=starts,
        ends_at=ends,
        place_en=needed("place_en", tidy_line("place_en", meeting.place_en)),
        place_ur=needed("place_ur", tidy_line("place_ur", meeting.place_ur)),
        url=tidy_url("url", meeting.url) if meeting.url else "",
    )


def _advisory(advisory: Advisory, site: Site) -> Advisory:
    products = _once("product", advisory.products, {one.id for one in site.products})
    if not products:
        message = "product: an advisory is about at least one product. Name it, as publishing.toml has it."
        raise ValueError(message)
    identifiers = tuple(tidy_line("identifier", one, n_most=40) for one in advisory.identifiers[: _MANY_MAX + 1])
    if len(identifiers) > _MANY_MAX:
        message = f"identifier: at most {_MANY_MAX}. Write two advisories."
        raise ValueError(message)
    lines = {name: tidy_line(name, getattr(advisory, name)) for name in ("affected", "fixed", "score")}
    return structs.replace(advisory, products=products, identifiers=identifiers, **lines)


def _once(name: str, given: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(given))
    strange = next((id_ for id_ in ids if id_ not in known), "")
    if strange or len(ids) > _MANY_MAX:
        among = ", ".join(sorted(known)[:12]) or "(none)"
        message = f"{name}: publishing.toml knows no {name} {strange!r}. There are: {among}."
        raise ValueError(message if strange else f"{name}: at most {_MANY_MAX}. Leave some out.")
    return ids


def _check_texts(bulletin: Bulletin) -> None:
    languages = [text.language for text in bulletin.texts]
    if not languages or len(languages) != len(set(languages)):
        message = "texts: one in English (en) and one in Urdu (ur). Write each once."
        raise ValueError(message)
    corrects = bulletin.corrects_id != ""
    if any(corrects != bool(text.correction) for text in bulletin.texts):
        message = (
            "correction: say in both languages what was wrong before."
            if corrects
            else "correction: this bulletin corrects no other one. Try: raabta bulletin correct"
        )
        raise ValueError(message)


def _check_kind(bulletin: Bulletin) -> None:
    kind = bulletin.kind
    wrong = {
        "meeting: only bulletins of kind meeting have one": bool(bulletin.meeting) and kind != "meeting",
        "starts: a meeting needs --starts, --ends and --place": kind == "meeting" and len(bulletin.meeting) != 1,
        "advisory: only bulletins of kind advisory have one": bool(bulletin.advisory) and kind != "advisory",
        "product: an advisory needs --product": kind == "advisory" and len(bulletin.advisory) != 1,
        "incident_state: only bulletins on incidents have one": bulletin.incident_state is not None
        and kind != "incident",
        "audience: product_users are told by advisories only": bulletin.audience == "product_users"
        and kind != "advisory",
        "evidence_class: only bulletins on incidents have one": bulletin.evidence_class != "none"
        and kind != "incident",
    }
    for words, is_wrong in wrong.items():
        if is_wrong:
            message = f"{words}. Leave it out, or give what is missing."
            raise ValueError(message)


def _check_evidence(bulletin: Bulletin) -> None:
    given, percent = bulletin.evidence_class, bulletin.probability_percent
    if given not in EVIDENCE_CLASSES:
        message = f"evidence_class: {given!r} is none of {', '.join(EVIDENCE_CLASSES)}."
        raise ValueError(message)
    if (given == "none") != (percent is None):
        message = "probability: a cause has a class of evidence and a probability, or neither. Give both, or none."
        raise ValueError(message)
    if percent is not None and not 0 <= percent <= 100:
        message = f"probability: {percent} is no percentage from 0 to 100."
        raise ValueError(message)


def _check_next(bulletin: Bulletin) -> None:
    if bulletin.final and bulletin.next_update_at is not None:
        message = "next: it says that it is the last one, and when the next one comes. Give --next or --final."
        raise ValueError(message)
    if not bulletin.final and bulletin.next_update_at is None:
        message = "next: every bulletin says when the next update comes. Give --next TIME, or --final where none does."
        raise ValueError(message)
