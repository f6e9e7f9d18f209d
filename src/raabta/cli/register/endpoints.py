"""``raabta endpoint add|change|end``."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.fields import ENDPOINT, read_or_fail, with_fields
from raabta.cli.register.opening import RegisterOption, now, opened
from raabta.cli.register.organisations import OrganisationId

if TYPE_CHECKING:
    from raabta.model.exemption import Review
    from raabta.pipeline.registering import Registered
    from raabta.reference.tables import Tables
    from raabta.registry import Records, Register

EndpointId = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The end point's id, as e-….")]
TablesOption = Annotated[
    Path | None, typer.Option("--tables", metavar="FILE", help="Own networks beside the package's (TOML).")
]
ReviewOption = Annotated[
    list[str] | None,
    typer.Option("--review", metavar="RULE", help="Let this rule pass; may be repeated. Needs --by and --because."),
]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who reviewed it.")]
BecauseOption = Annotated[str, typer.Option("--because", metavar="TEXT", help="Why the rule may pass.")]


@with_fields(ENDPOINT)
def add(
    organisation: OrganisationId,
    *,
    review: ReviewOption = None,
    by: ByOption = "",
    because: BecauseOption = "",
    tables: TablesOption = None,
    register: RegisterOption = None,
    **texts: str,
) -> None:
    """Register an end point of a member; rules of lint are applied. Prints its id.

    Exit code: 0 registered, 2 wrong usage or refused, 1 the database failed.
    """
    _check_review(review, by, because)
    with opened(register) as found:
        from raabta.model.register import MemberEndpoint  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.importing import read_start  # noqa: PLC0415
        from raabta.pipeline.registering import VALID_DAYS  # noqa: PLC0415

        at = now()
        given: dict[str, Any] = {"id": found.new_id("e-"), "organisation_id": organisation, "created_at": at}
        given |= {} if texts.get("prefix") else {"prefix": ""}
        given |= {} if texts.get("valid_from") else {"valid_from": at}
        if not texts.get("valid_until"):
            given["valid_until"] = read_start(texts, at) + dt.timedelta(days=VALID_DAYS)
        endpoint = read_or_fail(MemberEndpoint, texts, given)
        reviewed = _review(found, endpoint.id, review, by, because)
        loaded = load_tables_or_fail(tables)
        with found.change() as records:
            registered = _store(records, endpoint, tables=loaded, review=reviewed, is_new=True)
    _tell(registered)
    typer.echo(endpoint.id)


@with_fields(ENDPOINT)
def change(
    id_: EndpointId,
    *,
    review: ReviewOption = None,
    by: ByOption = "",
    because: BecauseOption = "",
    tables: TablesOption = None,
    register: RegisterOption = None,
    **texts: str,
) -> None:
    """Change fields of an end point; an empty text empties one. Prints its id.

    Exit code: 0 changed, 2 wrong usage or refused, 1 the database failed.
    """
    _check_review(review, by, because)
    with opened(register) as found:
        from msgspec import structs  # noqa: PLC0415  --help need not wait for it

        from raabta.model.register import MemberEndpoint  # noqa: PLC0415
        from raabta.pipeline.registering import require  # noqa: PLC0415

        loaded = load_tables_or_fail(tables)
        with found.change() as records:
            earlier = structs.asdict(require(records, MemberEndpoint, id_=id_))
            kept = {name: value for name, value in earlier.items() if name not in texts}
            if "prefix" in texts:
                kept |= {"asn": 0} if "asn" not in texts else {}
                kept |= {"prefix": ""} if not texts["prefix"] else {}
            endpoint = read_or_fail(MemberEndpoint, texts, kept)
            reviewed = _review(found, id_, review, by, because)
            registered = _store(records, endpoint, tables=loaded, review=reviewed, is_new=False)
    _tell(registered)
    typer.echo(id_)


def end(id_: EndpointId, *, register: RegisterOption = None) -> None:
    """End an end point now: it leaves the lists when they are next made. Prints its id.

    Exit code: 0 ended, 2 there is none or it has ended already, 1 the database failed.
    """
    from raabta.pipeline.registering import end_endpoint  # noqa: PLC0415  as above

    with opened(register) as found, found.change() as records:
        end_endpoint(records, id_, now=now())
    typer.echo(id_)


def load_tables_or_fail(file: Path | None) -> "Tables":
    """Load the package's tables, or own ones."""
    if file is not None:
        from raabta.reference.own import load_own_tables  # noqa: PLC0415  --help need not wait for it

        return load_own_tables(file)
    from raabta.reference.tables import load_tables  # noqa: PLC0415  as above

    return load_tables()


def _store(
    records: "Records", endpoint: Any, *, tables: "Tables", review: "Review | None", is_new: bool
) -> "Registered":
    from raabta.pipeline.registering import add_endpoint, lint_with, locate_with  # noqa: PLC0415  as above

    lint = lint_with(tables, now=now())
    return add_endpoint(records, locate_with(tables)(endpoint), lint=lint, review=review, is_new=is_new)


def _tell(registered: "Registered") -> None:
    for note in registered.notes:
        typer.echo(f"note: {note}", err=True)


def _check_review(review: list[str] | None, by: str, because: str) -> None:
    if bool(review) != bool(by) or bool(review) != bool(because):
        fail("--review, --by and --because belong together: which rule, who let it pass, and why.")


def _review(found: "Register", subject: str, rules: list[str] | None, by: str, because: str) -> "Review | None":
    from raabta.model.exemption import Review  # noqa: PLC0415  as above

    made = {"id": found.new_id("v-"), "subject": subject, "by": by, "reason": because, "at": now()}
    return Review(rules=tuple(rules), **made) if rules else None  # type: ignore[arg-type]
