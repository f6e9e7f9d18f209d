"""Deletion that really deletes: an organisation, or one of its people, with all that belongs to them.

What happens, in this order:

1. In one transaction the rows go, and every sealed field that stays is sealed with a new key.
2. The old key is overwritten by the new one. Names and contacts in old copies of the database, in its write-ahead log
   and in backups then cannot be opened by anybody any more: nothing opens them but that key.
3. The database gives up the room: SQLite overwrote the rows at once (``secure_delete``), empties its write-ahead log
   and is written anew (VACUUM); PostgreSQL writes the tables anew (VACUUM FULL).

What stays, until it is overwritten: on PostgreSQL the write-ahead log that was not recycled yet, and archives of it; on
both, backups that somebody made, and blocks that a disk or file system copied by itself. There the organisation's name,
numbers and addresses, and the hash of a paper, can be read still; names and contacts of people cannot. The public log
keeps its leaves: hashes and reasons.

A crash leaves nothing between: the new key is on the disk beside the old one, named by its fingerprint, before the
transaction ends, and whichever of the two the database names is the one that counts (``settle_key``).
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import structs
from sqlalchemy import Text, bindparam, cast, select, text, update

from raabta.model.exemption import Lease, LeaseGrant, Review
from raabta.model.incident import Incident, MemberReport, Party
from raabta.model.register import MemberEndpoint, Organisation, Person
from raabta.model.subscription import Delivery, Subscriber
from raabta.registry.engine import plain_errors
from raabta.registry.records import Records, sealing_place
from raabta.registry.schema import KINDS, SEALED, STATE, key_name, table_of
from raabta.registry.secrets import RegisterKey, Sealer, sync_folder, write_key
from raabta.registry.store import Register

IDS_AT_ONCE = 500
Removed = dict[str, int]
"""How many rows went, by table."""


def forget(
    register: Register, remove: Callable[[Records], Removed], *, new_key: RegisterKey, key_file: Path | None
) -> Removed:
    """Delete for good: see the top of this module.

    Args:
        register: The register; it has ``new_key`` afterwards.
        remove: What is to go: ``remove_organisation`` or ``remove_person``, with an id.
        new_key: The key from now on, with the same identity secret.
        key_file: Where the key is kept; None where the caller keeps it.

    Raises:
        LookupError: It is not there. Then nothing has changed.
        OSError: The database failed. What went before the message stays gone; ``scrub`` does the rest.
    """
    waiting = None if key_file is None else waiting_key(key_file, new_key.fingerprint)
    try:
        with register.change() as records:
            removed = remove(records)
            if waiting is not None:
                write_key(waiting, new_key)  # only now is nobody else changing the register
            reseal(records, new_key)
    except BaseException:
        if waiting is not None:
            waiting.unlink(missing_ok=True)
        raise
    register.key = new_key
    if key_file is not None:
        settle_key(key_file, new_key.fingerprint)
    touched = {*removed, KINDS[Organisation], KINDS[Incident], *(KINDS[kind] for kind in SEALED)}
    scrub(register, tables=[table for table in KINDS.values() if table in touched])
    return removed


def remove_organisation(records: Records, id_: str, *, references: Iterable[str] = ()) -> Removed:
    """Remove an organisation and all that is its own.

    Args:
        records: Of a change.
        id_: The organisation's.
        references: How lists call it to their recipients: lease grants under these names go too.

    Raises:
        LookupError: There is none.
    """
    if records.get(Organisation, id_) is None:
        message = f"{id_}: no organisation has this id. Look for it with: raabta org list"
        raise LookupError(message)
    removed = _remove_leases(records, id_, references)
    owned = [kind for kind in KINDS if "organisation_id" in kind.__struct_fields__]
    subjects = [id_, *(record.id for kind in owned for record in records.find(kind, organisation_id=id_))]  # type: ignore[attr-defined]
    removed["reviews"] = records.remove_all(Review, subject=subjects)
    for kind in owned:
        removed[KINDS[kind]] = records.remove_all(kind, organisation_id=id_)
    organisations = all_sponsored(records, id_)
    records.put_all(organisations)
    _leave_incidents(records, id_)
    removed["organisations"] = records.remove_all(Organisation, id=id_)
    return {table: n_rows for table, n_rows in removed.items() if n_rows}


def _leave_incidents(records: Records, id_: str) -> None:
    """Take an organisation out of incident files and subscriptions, which stay: as who was hit, reported, subscribed.

    Of its reports words and contact go as well, for they are its people's, and what waits to be sent about them. Sums
    of impact that were shown name it by a mark that nobody can trace any more. Parties of incident files stay: nothing
    says whose they are (``parties_that_stay``).
    """
    hit = cast(table_of(Incident).c.member_ids, Text).contains(f'"{id_}"', autoescape=True)
    records.put_all(
        structs.replace(found, member_ids=tuple(one for one in found.member_ids if one != id_))
        for found in records.where(Incident, hit)
    )
    reports = [
        structs.replace(found, member_id="", words="", contact="")
        for found in records.find(MemberReport, member_id=id_)
    ]
    records.put_all(reports)
    for start in range(0, len(reports), IDS_AT_ONCE):
        ids = [report.id for report in reports[start : start + IDS_AT_ONCE]]
        records.remove_all(Delivery, subject_id=ids, state="waiting")
    records.put_all(structs.replace(found, member_id="") for found in records.find(Subscriber, member_id=id_))


def parties_that_stay(records: Records, id_: str) -> list[Party]:
    """Give members' contacts in incident files that may be an organisation's own, before it is removed.

    A party has a name that somebody typed, and no organisation. So it is looked for by names, domains, and addresses of
    the organisation's people; which of them are its own a person must say.
    """
    organisation = records.get(Organisation, id_)
    if organisation is None:
        return []
    people = list(records.find(Person, organisation_id=id_))
    names = {organisation.legal_name, organisation.trade_name, *(one.name for one in people)}
    contacts = {contact for one in people for contact in (one.email, one.phone)}
    wanted = {text.casefold() for text in names | contacts | set(organisation.domains)} - {""}

    def is_like(party: Party) -> bool:
        texts = (party.name_en, party.name_ur, party.contact_name, party.email, party.phone)
        seen = {text.casefold() for text in (*texts, party.email.rpartition("@")[2])}
        return bool(seen & wanted)

    return [party for party in records.find(Party, role="member") if is_like(party)]


def all_sponsored(records: Records, id_: str) -> list[Organisation]:
    """Give those that an organisation vouches for, without it."""
    return [structs.replace(found, sponsor_id="") for found in records.find(Organisation, sponsor_id=id_)]


def remove_person(records: Records, id_: str) -> Removed:
    """Remove one focal person.

    Raises:
        LookupError: There is none.
    """
    if not records.remove(Person, id_):
        message = f"{id_}: no person has this id. Look for it with: raabta org show ORG"
        raise LookupError(message)
    return {KINDS[Person]: 1}


def reseal(records: Records, new_key: RegisterKey) -> None:
    """Seal every sealed field with a new key, and have the register name that key."""
    old, new = Sealer(records.key), Sealer(new_key)
    for kind, names in SEALED.items():
        table, key = table_of(kind), key_name(kind)
        rows = records.connection.execute(select(table.c[key], *(table.c[name] for name in names))).fetchall()
        renewed: list[dict[str, str]] = [{"known": row[0]} for row in rows]
        for place, name in enumerate(names, start=1):
            for row, fresh in zip(rows, renewed, strict=True):
                where = sealing_place(kind, row[0], name=name)
                fresh[name] = new.seal(old.open(row[place], where), where)
        if renewed:
            records.connection.execute(update(table).where(table.c[key] == bindparam("known")), renewed)
    records.connection.execute(update(STATE).where(STATE.c.name == "key").values(value=new_key.fingerprint))


def waiting_key(key_file: Path, fingerprint: str) -> Path:
    """Name the file in which a new key waits beside the old one."""
    return key_file.with_name(f"{key_file.name}.{fingerprint}")


def settle_key(key_file: Path, fingerprint: str) -> None:
    """Put the waiting key with this fingerprint, if there is one, in the place of the old one, and overwrite that."""
    waiting = waiting_key(key_file, fingerprint)
    if not waiting.exists():
        return
    old = os.open(key_file, os.O_RDWR) if key_file.exists() else None
    try:
        waiting.replace(key_file)
        if old is not None:
            os.write(old, bytes(os.fstat(old).st_size))
            os.fsync(old)
    except FileNotFoundError:
        return  # another command of ours was quicker: what is open may be the new one
    finally:
        if old is not None:
            os.close(old)
    sync_folder(key_file.parent)


def scrub(register: Register, *, tables: Sequence[str] = tuple(KINDS.values())) -> None:
    """Have the database give up the room of what was deleted.

    Args:
        register: The register.
        tables: Where rows were deleted or changed: all, where that is not known. On SQLite it is always all.

    Raises:
        OSError: Another program holds the register. The rows are gone; try again when it has ended.
    """
    with plain_errors(register.name):
        if register.engine.dialect.name == "postgresql":
            _scrub_server(register, tables)
        else:
            _scrub_file(register)


def _scrub_server(register: Register, tables: Sequence[str]) -> None:
    with register.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            connection.execute(text(f"VACUUM FULL {table}"))


def _scrub_file(register: Register) -> None:
    raw = register.engine.raw_connection()
    try:
        for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            raw.cursor().execute(statement).fetchall()
    except sqlite3.OperationalError as error:
        message = f"{register.name}: deleted, but another program holds the room: {error}. Try: raabta org scrub"
        raise OSError(message) from None
    finally:
        raw.close()


def _remove_leases(records: Records, id_: str, references: Iterable[str]) -> Removed:
    devices = {key for end in records.find(MemberEndpoint, organisation_id=id_) for key in end.device_keys}
    grants = {grant.id for grant in records.find(LeaseGrant, device_key=sorted(devices))}
    grants |= {grant.id for grant in records.find(LeaseGrant, organisation_ref=[id_, *references])}
    return {
        KINDS[Lease]: records.remove_all(Lease, grant_id=sorted(grants)),
        KINDS[LeaseGrant]: records.remove_all(LeaseGrant, id=sorted(grants)),
    }
