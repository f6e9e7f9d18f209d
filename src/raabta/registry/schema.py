"""Tables, derived from the types of ``model``: a field there is a column here, and nothing is typed twice.

Text, whole numbers and truth values are themselves; times are UTC; a tuple is JSON text, so that both kinds of database
hold the same. Every field whose name ends in ``_id`` and the subjects of proofs and reviews are indexed; an
``organisation_id`` must be that of an organisation that is there, so that no row outlives its owner.
"""

import datetime as dt
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct, structs
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Dialect, ForeignKey, Index, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from raabta.model.bulletin import Bulletin
from raabta.model.exemption import Lease, LeaseGrant, LogLeaf, Recipient, Restriction, Review
from raabta.model.incident import (
    Attachment,
    ConsultationDraft,
    ImpactNote,
    ImpactRelease,
    Incident,
    MemberReport,
    Message,
    Party,
    Promise,
    Question,
    Statement,
    TimelineNote,
)
from raabta.model.publication import Publication, PublicationPlace
from raabta.model.register import Case, Consent, MemberEndpoint, Organisation, Person, Proof
from raabta.model.subscription import Alarm, Delivery, Dispatch, Subscriber

SCHEMA_VERSION: Final = "0002"
"""The newest migration's (``migrations/versions``). A changed type needs a new one: a test compares them."""

KINDS: Final[dict[type[Struct], str]] = {
    Organisation: "organisations",
    Person: "people",
    MemberEndpoint: "member_endpoints",
    Proof: "proofs",
    Case: "cases",
    Consent: "consents",
    Recipient: "recipients",
    LeaseGrant: "lease_grants",
    Lease: "leases",
    Restriction: "restrictions",
    Review: "reviews",
    LogLeaf: "log_leaves",
    Incident: "incidents",
    Party: "parties",
    Message: "messages",
    Promise: "promises",
    Statement: "statements",
    TimelineNote: "timeline_notes",
    Attachment: "attachments",
    MemberReport: "member_reports",
    Question: "questions",
    ConsultationDraft: "consultation_drafts",
    ImpactNote: "impact_notes",
    ImpactRelease: "impact_releases",
    Bulletin: "bulletins",
    Publication: "publications",
    PublicationPlace: "publication_places",
    Subscriber: "subscribers",
    Dispatch: "dispatches",
    Delivery: "deliveries",
    Alarm: "alarms",
}
"""What is stored, and the name of its table. Parents stand before children."""

SEALED: Final[dict[type[Struct], tuple[str, ...]]] = {
    Person: ("name", "email", "phone", "role"),
    Recipient: ("reference_key",),
    Party: ("contact_name", "email", "phone"),
    Message: ("subject", "text"),
    MemberReport: ("words", "contact"),
    Subscriber: ("address", "secret"),
}
"""Fields that are stored encrypted."""

INDEXED: Final = ("subject",)
"""Fields looked up, beside those that end in ``_id``."""

LOOKED_UP: Final[dict[type[Struct], tuple[tuple[str, ...], ...]]] = {
    Incident: (("state", "id"), ("started_at",)),
    Promise: (("state", "due_at"),),
    MemberReport: (("code",), ("state", "id"), ("reported_at",)),
    Question: (("state", "due_at"),),
    Bulletin: (("state", "id"), ("sequence",)),
    Publication: (("sequence",), ("month", "id"), ("is_open", "id")),
    PublicationPlace: (("component_id", "sequence"),),
    Subscriber: (("address_hash",), ("state", "id")),
    Dispatch: (("done", "id"),),
    Delivery: (("state", "channel", "reason", "next_try_at"),),
    Alarm: (("acknowledged_at",),),
}
"""Fields looked up together, in the order of their index: questions that tables of 100,000 rows are asked often."""


# Python 3.11 has no ``typing.override``, which the type checker would have these methods marked with.


class UtcTime(TypeDecorator[dt.datetime]):
    """An aware time in UTC. SQLite knows no zones: there the text is UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(  # type: ignore[explicit-override]
        self,
        value: dt.datetime | None,
        dialect: Dialect,  # noqa: ARG002  SQLAlchemy's signature
    ) -> dt.datetime | None:
        """Write."""
        return None if value is None else value.astimezone(dt.UTC)

    def result_processor(  # type: ignore[explicit-override]
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002  SQLAlchemy's signature
    ) -> Callable[[Any], dt.datetime | None]:
        """Read: hot, so it takes the place of SQLAlchemy's own three steps. SQLite gives text, PostgreSQL a time."""
        return _read_text_time if dialect.name == "sqlite" else _read_time


class JsonTuple(TypeDecorator[tuple[Any, ...]]):
    """A tuple as JSON text, read back as the type that the field has."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any = tuple[str, ...]) -> None:
        super().__init__()
        self.kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def process_bind_param(  # type: ignore[explicit-override]
        self,
        value: tuple[Any, ...] | None,
        dialect: Dialect,  # noqa: ARG002  SQLAlchemy's signature
    ) -> str | None:
        """Write."""
        return None if value is None else msgspec.json.encode(value).decode()

    def result_processor(  # type: ignore[explicit-override]
        self,
        dialect: Dialect,  # noqa: ARG002  SQLAlchemy's signature
        coltype: object,  # noqa: ARG002  as above
    ) -> Callable[[Any], tuple[Any, ...] | None]:
        """Read: hot, as for times."""
        decode = self._decoder.decode

        def read(value: str | None) -> tuple[Any, ...] | None:
            if value is None:
                return None
            return () if value == "[]" else typing.cast("tuple[Any, ...]", decode(value))

        return read


def _read_text_time(value: str | None) -> dt.datetime | None:
    return None if value is None else dt.datetime.fromisoformat(f"{value}+00:00")


def _read_time(value: dt.datetime | None) -> dt.datetime | None:
    return None if value is None else value.astimezone(dt.UTC)


PLAIN: Final[dict[object, type[TypeEngine[Any]]]] = {
    str: Text,
    int: BigInteger,
    bool: Boolean,
    dt.datetime: UtcTime,
    dt.date: Date,
}


UNIONS: Final = (types.UnionType, typing.Union)
"""``X | None`` is the first, of a ``Literal`` the second."""


def key_name(kind: type[Struct]) -> str:
    """Name the field that identifies a record: ``id``, or a leaf's ``index``."""
    return "id" if "id" in kind.__struct_fields__ else "index"


def table_of(kind: type[Struct]) -> Table:
    """Give the table of a kind; with it comes what it refers to.

    Raises:
        ValueError: This kind is not stored.
    """
    if kind not in KINDS:
        message = f"{kind.__name__}: not kept in the register. Kinds are {', '.join(kept.__name__ for kept in KINDS)}."
        raise ValueError(message)
    return _table(kind)


def all_tables() -> MetaData:
    """Give all tables."""
    for kind in KINDS:
        _table(kind)
    return METADATA


METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

STATE: Final = Table("register_state", METADATA, Column("name", Text, primary_key=True), Column("value", Text))
"""What is true of the register as a whole: which key it is sealed with."""


@cache
def _table(kind: type[Struct]) -> Table:
    hints = typing.get_type_hints(kind)
    owned = "organisation_id" in hints
    if owned:
        _table(Organisation)
    columns = [_column(kind, field.name, hints[field.name]) for field in structs.fields(kind)]
    name = KINDS[kind]
    indexes = [Index(f"ix_{name}_{'_'.join(fields)}", *fields) for fields in LOOKED_UP.get(kind, ())]
    return Table(name, METADATA, *columns, *indexes)


def _column(kind: type[Struct], name: str, hint: Any) -> "Column[Any]":
    is_key = name == key_name(kind)
    optional = typing.get_origin(hint) in UNIONS and type(None) in typing.get_args(hint)
    if optional:
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
    to_owner = [ForeignKey("organisations.id")] if name == "organisation_id" else []
    return Column(
        name,
        _type(hint),
        *to_owner,
        primary_key=is_key,
        autoincrement=False,
        nullable=optional,
        index=not is_key and (name.endswith("_id") or name in INDEXED),
    )


def _type(hint: Any) -> TypeEngine[Any]:
    if typing.get_origin(hint) is typing.Literal:
        return Text()
    if typing.get_origin(hint) is tuple:
        return JsonTuple(hint)
    return PLAIN[hint]()
