"""``raabta case paper|step|application``: what moves an application on."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.opening import RegisterOption, opened

_Case = Annotated[str, typer.Argument(metavar="CASE")]
_By = Annotated[str, typer.Option(metavar="WHO", help="Who did it: a name or number of the staff.")]


def paper(
    case: _Case,
    kind: Annotated[str, typer.Argument(metavar="PAPER", help="Such as identity; see `raabta case types`.")],
    *,
    by: _By = "",
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The paper's file: only a keyed hash of it is kept.")
    ] = None,
    waive: Annotated[str, typer.Option(metavar="REASON", help="It is not needed, for this reason.")] = "",
    register: RegisterOption = None,
) -> None:
    """Note that a paper was seen, or why it is not needed. The paper itself is never stored.

    Exit code: 0 noted, 2 wrong usage or refused, 1 the database failed.
    """
    with opened(register) as found:
        from raabta.model.register import Document  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.applying import country_of, required  # noqa: PLC0415
        from raabta.registry.cases import see_document  # noqa: PLC0415
        from raabta.registry.papers import paper_fingerprint  # noqa: PLC0415

        if waive and (by or file):
            raise ValueError("--waive says that nobody saw it. Leave out --by and --file.")
        fingerprint = paper_fingerprint(found.key, _read(file)) if file else ""
        now = found.now()
        seen = Document(kind=kind, seen_at=None if waive else now, seen_by=by, fingerprint=fingerprint, waived=waive)
        with found.change() as records:
            record = required(records, case)
            records.put(see_document(record, seen, country=country_of(records, record), now=now))
        typer.echo(case)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"--file: {file} cannot be read: {error.strerror}. Check the name.")


def step(
    case: _Case,
    status: Annotated[str, typer.Argument(metavar="STATUS", help="Such as evidence, verified, submitted, approved.")],
    *,
    by: _By = "",
    reason: Annotated[str, typer.Option(metavar="CODE", help="A reason; see `raabta case types`.")] = "",
    reference: Annotated[str | None, typer.Option(metavar="TEXT", help="The regulator's reference.")] = None,
    valid_until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Until when it is approved.")
    ] = None,
    register: RegisterOption = None,
) -> None:
    """Take one step. What may follow, and what it demands, is said where it is refused.

    Exit code: 0 taken, 2 wrong usage or refused, 1 the database failed.
    """
    with opened(register) as found:
        from raabta.pipeline.applying import take_step  # noqa: PLC0415

        with found.change() as records:
            changed = take_step(
                records,
                case,
                status=status,
                by_and_reason=(by, reason),
                answer=(reference, valid_until.date() if valid_until else None),
                now=found.now(),
            )
        typer.echo(f"{changed.id}\t{changed.status}")


def application(
    case: _Case,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where both files go.")],
    register: RegisterOption = None,
) -> None:
    """Write the application as the regulator asks for it: a form to print and sign (PDF), and data (JSON).

    Only with the member's consent. The identity number stays a blank line: it is written in by hand. Both files can be
    read by their owner only.

    Exit code: 0 written, 2 wrong usage or refused, 1 the database failed.
    """
    with opened(register) as found:
        from raabta.cli.output import open_output  # noqa: PLC0415
        from raabta.pipeline.applying import assemble_application, country_of, required  # noqa: PLC0415
        from raabta.publish.application import application_data, application_pdf, unprintable  # noqa: PLC0415

        with found.look() as records:
            country = country_of(records, required(records, case))
            whole = assemble_application(records, case, country=country, now=found.now())
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, raw in ((f"{case}.pdf", application_pdf(whole)), (f"{case}.json", application_data(whole))):
            with open_output(str(output / name), private=True) as stream:
                stream.write(raw)
            typer.echo(str(output / name))
        strange = unprintable(whole)
        if strange:
            typer.echo(f"These letters have no font here and print as boxes: {strange}", err=True)
