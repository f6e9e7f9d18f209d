"""Errors in the words of who typed: options in place of fields, local times in place of UTC.

Rules and records name fields, for they serve programs too; whoever types knows options, and reads a local clock.
"""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from raabta.cli.publish.opening import opened_desk as opened_as_it_is
from raabta.cli.register.opening import opened as register_as_it_is

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk
    from raabta.registry import Register

OPTIONS: Final = {
    "answer": "--text-file",
    "asked": "--at",
    "answered": "--at",
    "because": "--because",
    "began": "--began",
    "by": "--by",
    "cause_claimed": "--cause",
    "component_ids": "--component",
    "contact": "--contact-file",
    "contact_name": "--contact-file: contact_name",
    "desk": "--desk",
    "due": "--due",
    "due_at": "--due",
    "email": "--contact-file: email",
    "ended_at": "--ended",
    "escalations": "--escalate",
    "evidence_class": "CLASS",
    "evidence_ids": "--evidence",
    "kind": "--kind",
    "language": "--language",
    "made_at": "--at",
    "member_ids": "--member",
    "name_en": "NAME",
    "name_ur": "--name-ur",
    "note": "--note",
    "operator": "--operator",
    "operator_ids": "--operator",
    "phone": "--contact-file: phone",
    "place": "--place",
    "probability_percent": "--probability",
    "reason": "--reason",
    "reference": "--reference",
    "related_ids": "--related",
    "severity": "--severity",
    "source": "--source",
    "started_at": "--started",
    "state": "STATE",
    "symptom": "--symptom",
    "target": "--target",
    "text": "TEXT",
    "text_en": "TEXT",
    "text_ur": "--text-ur",
    "title": "--title",
    "title_en": "TITLE",
    "title_ur": "--title-ur",
    "url": "URL",
    "at": "--at",
    "withheld": "--withheld",
    "words": "--words-file",
    "words_en": "WORDS",
    "words_ur": "--words-ur",
}
"""What a field is called where it is typed. A command that calls it otherwise says so."""
_FIELD: Final = re.compile(r"([a-z_]+): ")
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", re.ASCII)


@contextmanager
def opened_desk(register: str | None, settings: Path | None, **names: str) -> Iterator["Desk"]:
    """Open the desk as ``cli.publish.opening`` does; errors name options, and times are local.

    Args:
        register: As the option gives it.
        settings: As the option gives it.
        names: Options of this command that ``OPTIONS`` calls otherwise, by field.
    """
    with opened_as_it_is(register, settings) as desk:
        try:
            yield desk
        except (KeyError, IndexError):
            raise
        except ValueError as error:
            raise ValueError(in_local_times(_named(str(error), names), desk)) from error
        except LookupError as error:
            raise LookupError(in_local_times(_named(str(error), names), desk)) from error


@contextmanager
def opened(register: str | None, **names: str) -> Iterator["Register"]:
    """Open the register as ``cli.register.opening`` does; errors name options."""
    with register_as_it_is(register) as found:
        try:
            yield found
        except (KeyError, IndexError):
            raise
        except ValueError as error:
            raise ValueError(_named(str(error), names)) from error
        except LookupError as error:
            raise LookupError(_named(str(error), names)) from error


def in_local_times(text: str, desk: "Desk") -> str:
    """Give a text with local times in place of those that are written as ``2024-11-10 09:00 UTC``."""
    return _UTC.sub(lambda found: _local(found[0], desk), text)


def _local(text: str, desk: "Desk") -> str:
    from raabta.cli.incident.file.choosing import say_time  # noqa: PLC0415  it needs nothing of this one

    try:
        return say_time(dt.datetime.strptime(f"{text[:-4]} +0000", "%Y-%m-%d %H:%M %z"), desk)
    except ValueError:  # no day of the calendar: somebody wrote it so
        return text


def _named(message: str, names: dict[str, str]) -> str:
    field = _FIELD.match(message)
    option = (OPTIONS | names).get(field[1]) if field else None
    return f"{option}{message[len(field[1]) :]}" if field and option else message
