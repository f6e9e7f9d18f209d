"""A country's applications: what each needs, how long it takes, what expires. Data, one TOML file a country.

A file is checked when it is read: every paper, reason, clock and step that it names must be there. To add a country,
write ``countries/xx.toml`` after ``pk.toml``; no code changes.
"""

import functools
import importlib.resources
from typing import Final, get_args

import msgspec
from msgspec import Struct

from raabta.model.register import CaseStatus, LegalForm
from raabta.registry.wellformed import without_identity_numbers

CASE_PREFIX: Final = "case:"
DOCUMENT_PREFIX: Final = "document:"
"""How a step of the way says that a case, or a paper that was seen, shows that it is done; else a field that is set."""


class DocumentKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper. ``of_person``: it identifies a person, so it is seen, hashed with a key, and never kept."""

    title: str
    of_person: bool = False


class ApplicationType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One type of application.

    ``requires`` lists what must be shown: each line is met by any one of its papers. ``stated_by_regulator`` names
    those of a line that the regulator itself lists; the others are offered in their place. ``promised_h`` and
    ``seen_days`` are how long an answer takes, as the regulator says and as applicants saw.
    """

    title: str
    applicants: str
    legal_forms: tuple[LegalForm, ...]
    requires: tuple[tuple[str, ...], ...]
    stated_by_regulator: tuple[str, ...] = ()
    needs_remote: bool = False
    accepts_mobile: bool = False
    fee_from_addresses: int = 0
    promised_h: float
    seen_days: tuple[int, int]


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a case went where it went, in words, and for which steps that may be said."""

    steps: tuple[CaseStatus, ...]
    words: str


class Clock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that ends on a day, and how many days before one is reminded. ``field`` is of the organisation."""

    title: str
    remind_days: tuple[int, ...]
    field: str = ""


class WayStep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of a freelancer's way to an application; ``done`` tells what shows that it was taken."""

    id: str
    title: str
    done: str
    words: str


class Country(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a country's data."""

    reviewed: str
    code: str
    name: str
    time_zone: str
    regulator: str
    regulator_name: str
    association_name: str
    board_name: str
    document: dict[str, DocumentKind]
    application: dict[str, ApplicationType]
    reason: dict[str, Reason]
    clock: dict[str, Clock]
    way: tuple[WayStep, ...] = ()

    def application_of(self, kind: str) -> ApplicationType:
        """The type of a case, by its kind such as "pk.A".

        Raises:
            ValueError: This country has no such type.
        """
        prefix, _, name = kind.partition(".")
        found = self.application.get(name) if prefix == self.code.lower() else None
        if found is None:
            known = ", ".join(f"{self.code.lower()}.{name} ({row.title})" for name, row in self.application.items())
            message = (
                f"{without_identity_numbers(kind)!r} is no type of application in {self.name}. There are: {known}."
            )
            raise ValueError(message)
        return found


def country_codes() -> list[str]:
    """The countries that have a file, as lower-case two-letter codes."""
    folder = importlib.resources.files("raabta.registry").joinpath("countries")
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


@functools.cache
def load_country(code: str) -> Country:
    """Read a country's file, and check it.

    Args:
        code: Two letters, in any case.

    Raises:
        ValueError: There is no such file, or it names what it does not define.
    """
    name = code.lower()
    if name not in country_codes():
        message = f"there are no data for the country {code!r}. There are some for: {', '.join(country_codes())}."
        raise ValueError(message)
    raw = importlib.resources.files("raabta.registry").joinpath("countries", f"{name}.toml").read_bytes()
    return read_country(raw, name=f"{name}.toml")


def read_country(raw: bytes, *, name: str) -> Country:
    """Read a country's file from its bytes, and check it.

    Raises:
        ValueError: It is no such file, or names what it does not define.
    """
    try:
        country = msgspec.toml.decode(raw, type=Country)
    except msgspec.DecodeError as error:
        message = f"{name}: {error}"
        raise ValueError(message) from error
    unknown = _unknown_names(country)
    if unknown:
        message = f"{name}: {'; '.join(unknown)}"
        raise ValueError(message)
    return country


def _unknown_names(country: Country) -> list[str]:
    papers = {
        f"application.{name}.requires": {paper for line in row.requires for paper in line}
        | set(row.stated_by_regulator)
        for name, row in country.application.items()
    }
    papers["way"] = {step.done.removeprefix(DOCUMENT_PREFIX) for step in country.way if DOCUMENT_PREFIX in step.done}
    wrong = [
        f"{place} names {paper!r}, which is no [document.…]"
        for place, named in papers.items()
        for paper in sorted(named - country.document.keys())
    ]
    statuses = set(get_args(CaseStatus))
    wrong += [f"reason.{name}.steps is empty" for name, row in country.reason.items() if not set(row.steps) & statuses]
    return wrong
