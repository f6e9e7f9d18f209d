"""What an approval is bound to: all that readers will see of a bulletin and beside it, in canonical form, hashed.

Beside a bulletin on an incident goes public what its file marks public: statements, promises, links, times and kind.
Whoever adds to that after the approval needs a new one, or one person alone could publish words. Counts of reports and
members may change: they hold no words.

Times are written in UTC without their microseconds' trailing forms, so that a bulletin read back from another database
has the same hash. Who wrote it, when, and what was accepted are not part of it: they are not published.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct, structs

from raabta.model.bulletin import Bulletin
from raabta.model.publication import PublicLink, PublicPromise, PublicStatement, PublicThread
from raabta.model.site import Site
from raabta.publish.moments import say_moment

HASHED: Final = (
    "id",
    "thread_id",
    "kind",
    "number",
    "texts",
    "incident_state",
    "severity",
    "component_ids",
    "operator_ids",
    "evidence_class",
    "probability_percent",
    "next_update_at",
    "final",
    "corrects_id",
    "audience",
    "meeting",
    "advisory",
)
"""Fields that readers see, or that decide who they are."""


class Beside(NamedTuple):
    """One thing that goes public with a bulletin.

    Attributes:
        what: "kind", "start", "end", "statement", "promise" or "link".
        words: For people.
        digest: SHA-256 over all of it, as hex.
    """

    what: str
    words: str
    digest: str


def beside(thread: PublicThread, site: Site) -> tuple[Beside, ...]:
    """Give what stands beside the bulletins of an incident's public thread; nothing for other kinds.

    Args:
        thread: As it would be published.
        site: For times in words.
    """
    return tuple(_beside(thread, site)) if thread.kind == "incident" else ()


def seal(bulletin: Bulletin, around: Sequence[Beside]) -> str:
    """Give what an approval keeps: the bulletin's hash, and a line for each thing beside it."""
    return "\n".join((content_hash(bulletin), *sorted(_line(one) for one in around)))


def changed_since(approved: str, bulletin: Bulletin, *, around: Sequence[Beside]) -> list[str]:
    """Say what is not as it was approved; empty where all of it is.

    Args:
        approved: What ``seal`` gave then.
        bulletin: As it is now.
        around: As it is now.
    """
    content, *lines = approved.split("\n")
    found = [] if content == content_hash(bulletin) else ["the bulletin itself"]
    found += [f"new or changed: {one.what}: {one.words}" for one in around if _line(one) not in lines]
    now = {_line(one) for one in around}
    gone = [line.partition(":")[0] for line in lines if line not in now]
    renewed = {one.what for one in around if _line(one) not in lines}
    return found + [f"gone: one {what}, as it was approved" for what in gone if what not in renewed]


def content_hash(bulletin: Bulletin) -> str:
    """Give the SHA-256 of what is published of a bulletin, as hex."""
    content = {name: _plain(getattr(bulletin, name)) for name in HASHED}
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, Struct):
        return {name: _plain(one) for name, one in structs.asdict(value).items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _line(one: Beside) -> str:
    return f"{one.what}:{one.digest}"


def _beside(thread: PublicThread, site: Site) -> Iterator[Beside]:
    yield _made("kind", thread.incident_kind, thread.incident_kind)
    yield _made("start", thread.started_at, say_moment(thread.started_at, site, language="en"))
    if thread.ended_at is not None:
        yield _made("end", thread.ended_at, say_moment(thread.ended_at, site, language="en"))
    told: tuple[PublicStatement | PublicPromise | PublicLink, ...]
    told = (*thread.statements, *thread.promises, *thread.links)
    for one in told:
        yield _made(_WHAT[type(one)], one, _words(one, site))


_WHAT: Final[dict[type[Struct], str]] = {
    PublicStatement: "statement",
    PublicPromise: "promise",
    PublicLink: "link",
}


def _words(one: PublicStatement | PublicPromise | PublicLink, site: Site) -> str:
    match one:
        case PublicStatement():
            at = say_moment(one.at, site, language="en")
            return " | ".join(filter(None, (one.party_en, one.party_ur, at, one.text_en, one.text_ur, one.source)))
        case PublicPromise():
            due = f"by {say_moment(one.due_at, site, language='en')} ({one.state})"
            return " | ".join(filter(None, (one.party_en or "we", one.party_ur, one.words_en, one.words_ur, due)))
        case _:
            return " | ".join(filter(None, (one.url, one.title)))


def _made(what: str, value: Any, words: str) -> Beside:
    digest = hashlib.sha256(msgspec.json.encode(_plain(value), order="sorted")).hexdigest()
    return Beside(what, " ".join(words.split()), digest)
