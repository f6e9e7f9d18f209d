"""``raabta org add|show|list|change``."""

from typing import Annotated, Any

import typer

from raabta.cli.register.fields import ORGANISATION, read_or_fail, with_fields
from raabta.cli.register.opening import RegisterOption, now, opened
from raabta.cli.register.table import (
    PAGE,
    AfterOption,
    FormatOption,
    LimitOption,
    as_lines,
    tell_rest,
    write_lines,
    write_sheet,
    write_table,
)

OrganisationId = Annotated[str, typer.Argument(metavar="ORG", help="The organisation's id, as o-….")]


@with_fields(ORGANISATION)
def add(*, register: RegisterOption = None, **texts: str) -> None:
    """Register an organisation, or a freelancer (--legal-form individual). Prints its id.

    Exit code: 0 registered, 2 wrong usage or refused, 1 the database failed.
    """
    from raabta.model.register import Organisation  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.registering import add_organisation  # noqa: PLC0415

    with opened(register) as found:
        at = now()
        given = {"id": found.new_id("o-"), "created_at": at, "changed_at": at}
        organisation = read_or_fail(Organisation, texts, given)
        with found.change() as records:
            add_organisation(records, organisation)
    typer.echo(organisation.id)


@with_fields(ORGANISATION)
def change(id_: OrganisationId, *, register: RegisterOption = None, **texts: str) -> None:
    """Change fields of an organisation; an empty text empties one. Prints its id.

    Exit code: 0 changed, 2 wrong usage or refused, 1 the database failed.
    """
    from msgspec import structs  # noqa: PLC0415  --help need not wait for it

    from raabta.model.register import Organisation  # noqa: PLC0415
    from raabta.pipeline.registering import change_organisation, require  # noqa: PLC0415

    with opened(register) as found, found.change() as records:
        earlier = structs.asdict(require(records, Organisation, id_=id_))
        kept = {name: value for name, value in earlier.items() if name not in texts}
        change_organisation(records, read_or_fail(Organisation, texts, kept), now=now())
    typer.echo(id_)


def show(id_: OrganisationId, *, format_: FormatOption = None, register: RegisterOption = None) -> None:
    """Show all that is known of an organisation: people, end points, proofs, cases, consents.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    from raabta.model.register import Case, Consent, MemberEndpoint, Organisation, Person, Proof  # noqa: PLC0415
    from raabta.pipeline.registering import require  # noqa: PLC0415

    with opened(register) as found, found.look() as records:
        organisation = require(records, Organisation, id_=id_)
        kinds: tuple[tuple[str, Any], ...] = (
            ("Person", Person),
            ("End point", MemberEndpoint),
            ("Proof", Proof),
            ("Case", Case),
            ("Consent", Consent),
        )
        parts = [(title, list(records.find(kind, organisation_id=id_))) for title, kind in kinds]
    if as_lines(format_):
        write_lines([organisation, *(record for _, many in parts for record in many)])
        return
    write_sheet("Organisation", organisation)
    for title, many in parts:
        for record in many:
            write_sheet(title, record, leave=("organisation_id", "identity_hash", "documents", "steps"))


def list_(
    *,
    name: Annotated[
        str, typer.Option("--name", metavar="TEXT", help="Only those whose legal name has this in it.")
    ] = "",
    limit: LimitOption = PAGE,
    after: AfterOption = "",
    format_: FormatOption = None,
    register: RegisterOption = None,
) -> None:
    """List organisations by their id.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    from raabta.model.register import Organisation  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found, found.look() as records:
        like = ("legal_name", name) if name else None
        page = records.page(Organisation, after=after, n_most=limit, like=like)
        n_all = len(page) if name or after else records.count(Organisation)
    if as_lines(format_):
        write_lines(page)
    else:
        write_table(["id", "form", "name"], [(one.id, one.legal_form, one.legal_name) for one in page])
    if len(page) == limit:
        tell_rest(len(page), n_all + (n_all == limit), page[-1].id)
