"""``raabta org consent give|withdraw|list``."""

from typing import Annotated, Final, get_args

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.opening import RegisterOption, now, opened
from raabta.cli.register.organisations import OrganisationId
from raabta.cli.register.table import FormatOption, as_lines, write_lines, write_table

PUBLIC: Final = "public"
"""Everybody: of sums, as of impact notes, which nobody gets in particular."""


def give(
    organisation: OrganisationId,
    purpose: Annotated[
        str, typer.Argument(metavar="PURPOSE", help="register, application, exemption_list, contact or statistics.")
    ],
    recipient: Annotated[
        str, typer.Argument(metavar="RECIPIENT", help="Who gets the data: the id of a recipient; or public.")
    ],
    *,
    register: RegisterOption = None,
) -> None:
    """Write down that a member agrees that data go to a recipient for a purpose. Prints the consent's id.

    Exit code: 0 written, 2 wrong usage, 1 the database failed.
    """
    from raabta.model.register import Consent  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.registering import give_consent  # noqa: PLC0415
    from raabta.pipeline.remarks import about_recipient  # noqa: PLC0415

    purposes = get_args(Consent.__annotations__["purpose"])
    if purpose not in purposes:
        fail(f"PURPOSE: one of {', '.join(purposes)}.")
    with opened(register) as found, found.change() as records:
        given = Consent(
            id=found.new_id("n-"),
            organisation_id=organisation,
            purpose=purpose,  # type: ignore[arg-type]  # seen above
            recipient=recipient,
            given_at=now(),
        )
        consent = give_consent(records, given)
        is_public = consent.purpose == "statistics" and consent.recipient == PUBLIC
        remark = "" if is_public else about_recipient(records, consent.recipient)
    if remark:
        typer.echo(f"note: {remark}", err=True)
    typer.echo(consent.id)


def withdraw(
    id_: Annotated[str, typer.Argument(metavar="CONSENT", help="The consent's id, as n-….")],
    *,
    register: RegisterOption = None,
) -> None:
    """Withdraw a consent: what rests on it leaves the lists when they are next made. Prints its id.

    Exit code: 0 withdrawn, 2 there is none or it was withdrawn already, 1 the database failed.
    """
    from raabta.pipeline.registering import withdraw_consent  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found, found.change() as records:
        withdraw_consent(records, id_, now=now())
    typer.echo(id_)


def list_(organisation: OrganisationId, *, format_: FormatOption = None, register: RegisterOption = None) -> None:
    """List a member's consents, with those that were withdrawn.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    from raabta.model.register import Consent  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found, found.look() as records:
        consents = list(records.find(Consent, organisation_id=organisation))
    if as_lines(format_):
        write_lines(consents)
        return
    rows = [
        (one.id, one.purpose, f"{one.given_at:%Y-%m-%d}", _end(one.withdrawn_at), one.recipient) for one in consents
    ]
    write_table(["id", "purpose", "given", "withdrawn", "recipient"], rows)


def _end(at: object) -> str:
    return f"{at:%Y-%m-%d}" if at else ""
