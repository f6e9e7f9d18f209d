"""``raabta endpoint proofs``: what is proved until when, what is due, and looking again at all of it."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.opening import RegisterOption, new_bytes, opened
from raabta.cli.register.proving import (
    N_BESIDE,
    NOT_SHOWN,
    ResolverOption,
    TablesOption,
    TrustOption,
    read_settings,
    tell_look,
)
from raabta.cli.register.table import (
    PAGE,
    AfterOption,
    FormatOption,
    LimitOption,
    as_lines,
    tell_rest,
    write_lines,
    write_table,
)

if TYPE_CHECKING:
    from raabta.model.register import Proof
    from raabta.pipeline.proving import Look, ProvingSettings
    from raabta.registry import Register

HEADS = ("id", "kind", "status", "until", "subject")


def proofs(
    *,
    due: Annotated[bool, typer.Option("--due", help="Only what must be seen to: renew, expired, waiting.")] = False,
    check: Annotated[bool, typer.Option("--check", help="With --due: look again at all that can be.")] = False,
    endpoint: Annotated[str | None, typer.Option(metavar="ID", help="Only this end point's.")] = None,
    organisation: Annotated[str | None, typer.Option(metavar="ID", help="Only this one's.")] = None,
    limit: LimitOption = PAGE,
    after: AfterOption = "",
    format_: FormatOption = None,
    resolver: ResolverOption = None,
    trust: TrustOption = None,
    tables: TablesOption = None,
    register: RegisterOption = None,
) -> None:
    """List proofs of domains and addresses, by their id.

    With --due what there is to do, the most urgent first: renew, expired, waiting (the challenge is not shown yet).
    Run `raabta endpoint proofs --due --check` daily: each proof then has a third of its time to be renewed.

    Exit code: 0 listed or all shown, 1 the database failed, 2 wrong usage or data, 3 some are not shown.
    """
    if check and (not due or endpoint or organisation):
        fail("--check looks at all that is due, and at nothing else. Try: raabta endpoint proofs --due --check")
    settings = read_settings(resolver, port=0, trust=trust, tables=tables) if check else None
    named = {"endpoint_id": endpoint, "organisation_id": organisation}
    wanted = {name: value for name, value in named.items() if value is not None}
    with opened(register) as found:
        if settings is not None:
            _look_again(found, settings)
        elif due:
            _list_due(found, wanted, limit=limit, lines=as_lines(format_))
        else:
            _list(found, wanted, limit=limit, after=after, lines=as_lines(format_))


def _list(register: "Register", wanted: dict[str, str], *, limit: int, after: str, lines: bool) -> None:
    from raabta.model.register import Proof  # noqa: PLC0415  --help need not wait for it
    from raabta.registry.proofs import settle  # noqa: PLC0415

    now = register.now()
    with register.look() as records:
        found = records.find(Proof, **wanted) if wanted else records.page(Proof, after=after, n_most=limit)
        page = [settle(proof, now) for proof in found]
        n_all = len(page) if wanted or after else records.count(Proof)
    if lines:
        write_lines(page)
    else:
        write_table(HEADS, [(one.id, one.kind, one.status, _day(one), one.subject) for one in page])
    if not wanted and len(page) == limit:
        tell_rest(len(page), n_all + (n_all == limit), page[-1].id)


def _list_due(register: "Register", wanted: dict[str, str], *, limit: int, lines: bool) -> None:
    from raabta.registry.proof_search import find_due_in  # noqa: PLC0415  as above

    with register.look() as records:
        page = find_due_in(records, now=register.now(), n_most=limit, **wanted)
    if lines:
        write_lines(page)
    else:
        rows = [(one.proof.id, one.proof.kind, one.what, f"{one.ends_at:%Y-%m-%d}", one.proof.subject) for one in page]
        write_table(HEADS, rows)
    if len(page) == limit:
        typer.echo(f"The {limit:,} most urgent are shown. More: --limit N", err=True)


def _day(proof: "Proof") -> str:
    return f"{proof.expires_at:%Y-%m-%d}" if proof.expires_at is not None else "-"


def _look_again(register: "Register", settings: "ProvingSettings") -> None:
    from raabta.pipeline.proof_keeping import renew_due  # noqa: PLC0415  as above
    from raabta.probe.host import HostNetwork  # noqa: PLC0415

    def tell(proof: "Proof", look: "Look") -> None:
        tell_look(proof, look)
        typer.echo("\t".join((proof.id, "shown" if look.is_shown else "not shown", _day(proof), proof.subject)))

    n_missing = asyncio.run(
        renew_due(register, network=HostNetwork(), settings=settings, chance=lambda: new_bytes(N_BESIDE), tell=tell)
    )
    if n_missing:
        typer.echo(f"{n_missing} are not shown: tell the members before they expire.", err=True)
        raise typer.Exit(NOT_SHOWN)
