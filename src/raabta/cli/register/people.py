"""``raabta org person add|delete`` and ``raabta org delete|scrub``: people come, and what is deleted is gone."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.fields import PERSON, read_or_fail, with_fields
from raabta.cli.register.opening import RegisterOption, key_file_of, new_key, now, opened
from raabta.cli.register.organisations import OrganisationId

if TYPE_CHECKING:
    from collections.abc import Callable

    from raabta.model.incident import Party
    from raabta.registry import Records

PARTIES_SHOWN = 20
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@with_fields(PERSON)
def person_add(
    organisation: OrganisationId,
    *,
    identity_kind: Annotated[
        str, typer.Option(metavar="KIND", help="A paper was seen: which, as national_identity_card. Asks its number.")
    ] = "",
    seen_by: Annotated[str, typer.Option(metavar="NAME", help="Who saw the paper.")] = "",
    register: RegisterOption = None,
    **texts: str,
) -> None:
    """Add a focal person. Prints their id.

    The number of their identity paper is asked for, or read from standard input; it is hashed at once, never stored.

    Exit code: 0 added, 2 wrong usage or refused, 1 the database failed.
    """
    from raabta.model.register import Person  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.registering import add_person  # noqa: PLC0415
    from raabta.pipeline.remarks import about_paper  # noqa: PLC0415

    if bool(identity_kind) != bool(seen_by):
        fail("--identity-kind and --seen-by belong together: which paper was seen, and by whom.")
    with opened(register) as found:
        at = now()
        given: dict[str, Any] = {"id": found.new_id("p-"), "organisation_id": organisation, "created_at": at}
        if identity_kind:
            hashed = found.key.identity_hash(identity_kind, _ask_number())
            given |= {"identity_kind": identity_kind, "identity_hash": hashed, "identity_seen_at": at}
            given["identity_seen_by"] = seen_by
        person = read_or_fail(Person, texts, given)
        with found.change() as records:
            remark = about_paper(records, add_person(records, person))
    if remark:
        typer.echo(f"note: {remark}", err=True)
    typer.echo(person.id)


def person_delete(
    id_: Annotated[str, typer.Argument(metavar="PERSON", help="The person's id, as p-….")],
    *,
    yes: YesOption = False,
    register: RegisterOption = None,
) -> None:
    """Delete a focal person for good.

    Exit code: 0 deleted, 2 wrong usage or not there, 1 the database failed.
    """
    from raabta.registry.deletion import remove_person  # noqa: PLC0415  --help need not wait for it

    _forget(id_, lambda records: remove_person(records, id_), yes=yes, register=register)


def delete(id_: OrganisationId, *, yes: YesOption = False, register: RegisterOption = None) -> None:
    """Delete an organisation and all that belongs to it, for good: people, end points, proofs, cases, consents, leases.

    Contacts in incident files stay: which of them may be its own is said on standard error.

    Exit code: 0 deleted, 2 wrong usage or not there, 1 the database failed.
    """
    from raabta.registry.deletion import parties_that_stay, remove_organisation  # noqa: PLC0415  --help need not wait

    like: list[Party] = []
    members: list[int] = []

    def remove(records: "Records") -> dict[str, int]:
        from raabta.model.incident import Party  # noqa: PLC0415  as above

        like.extend(parties_that_stay(records, id_))
        members.append(records.count(Party, role="member"))
        return remove_organisation(records, id_)

    _forget(id_, remove, yes=yes, register=register)
    _tell_parties(like, sum(members))


def _tell_parties(like: "list[Party]", n_members: int) -> None:
    if n_members:
        typer.echo(f"Members' contacts that stay in incident files: {n_members}.", err=True)
    for party in like[:PARTIES_SHOWN]:
        typer.echo(f"  {party.id} in {party.incident_id} may be its own. Look: raabta incident party list", err=True)
    if len(like) > PARTIES_SHOWN:
        typer.echo(f"  and {len(like) - PARTIES_SHOWN} more", err=True)
    if like:
        typer.echo('To empty one: raabta incident party change ID --contact-file - (email = "" …)', err=True)


def scrub(*, register: RegisterOption = None) -> None:
    """Have the database give up the room of what was deleted; `delete` does it by itself.

    Exit code: 0 done, 2 wrong usage, 1 the database failed, or another program holds it.
    """
    from raabta.registry.deletion import scrub as give_up  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found:
        give_up(found)
    typer.echo("Nothing that was deleted is in the database's files any more.", err=True)


def _forget(id_: str, remove: "Callable[[Records], dict[str, int]]", *, yes: bool, register: str | None) -> None:
    if not yes:
        typer.confirm(f"Delete {id_} and all that belongs to it for good?", abort=True, err=True)
    from raabta.registry.deletion import forget  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found:
        key = new_key(identity=found.key.identity)
        removed = forget(found, remove, new_key=key, key_file=key_file_of(register))
    typer.echo(f"Deleted: {', '.join(f'{n_rows} of {table}' for table, n_rows in removed.items())}.", err=True)
    typer.echo("The register has a new key. Copy it to where the old copy is, and destroy that one.", err=True)


def _ask_number() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Number of the paper (not shown, not stored)", hide_input=True, err=True))
    return sys.stdin.readline()
