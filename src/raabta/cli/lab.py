"""``raabta lab``: scenarios of an emulated country, listed, run, scored, or entered."""

from pathlib import Path
from typing import Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.lab_choice import check_lab, load, n_workers, only
from raabta.cli.lab_exempt import exempt
from raabta.cli.lab_options import LIMIT_S, Format, Golden, Jobs, Limit, Part, Picture, Repeat, Rows, Scenarios

SOME_NOT_RUN: Final = 3

app = typer.Typer(
    help="Emulate a country on this machine: real servers, real interference, the truth known.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


app.command(short_help='Say how right answers to "does my exemption work?" are.')(exempt)


@app.command("list", short_help="Show the scenarios that come with Raabta.")
def list_(
    *,
    format_: Annotated[Format, typer.Option("--format", "-f", help="What to write.")] = Format.TABLE,
) -> None:
    """Show the scenarios that come with Raabta: family, size, what they are about."""
    from raabta.cli.lab_table import write_scenarios  # noqa: PLC0415  --help need not wait for it

    write_scenarios(load(None), as_lines=format_ is Format.JSONL)


@app.command(short_help="Run scenarios and show what was found beside what is true.")
def run(
    scenarios: Scenarios = None,
    *,
    jobs: Jobs = None,
    format_: Annotated[
        Format | None, typer.Option("--format", "-f", help="Default: by the name of the output, else table.")
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")] = "-",
    limit_s: Limit = LIMIT_S,
    repeat: Repeat = None,
) -> None:
    """Run scenarios: build each country, probe every target from every network, compare with the truth.

    Exit code: 0 all was run, 3 some was skipped or could not be run, 2 wrong usage, 1 no lab can run here, 130 stopped.
    """
    chosen = load(scenarios)
    check_lab()

    from raabta.cli.lab_run import Request, run_scenarios  # noqa: PLC0415  --help need not wait for it

    kind = format_ or (Format.JSONL if output.endswith(f".{Format.JSONL}") else Format.TABLE)
    n_lost = run_scenarios(
        chosen,
        Request(
            n_workers=n_workers(jobs, limit_s, repeat),
            limit_s=limit_s,
            repeat=repeat,
            as_lines=kind is Format.JSONL,
            output=output,
        ),
    )
    if n_lost:
        raise typer.Exit(SOME_NOT_RUN)


@app.command(short_help="Say how right the verdicts are, where the truth is known.")
def score(
    scenarios: Rows = None,
    *,
    part: Annotated[
        Part, typer.Option(metavar="PART", help="Families to run and score: scoring, calibration, fitting or all.")
    ] = Part.SCORING,
    jobs: Jobs = None,
    limit_s: Limit = LIMIT_S,
    repeat: Repeat = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Keep the rows of the run here (jsonl).")
    ] = None,
    picture: Picture = None,
    golden: Golden = None,
) -> None:
    """Compare verdicts with the truth: mechanisms, twins, locus, probabilities. Runs the scenarios that it needs.

    Exit code: 0 all was scored, 3 some was skipped or could not run, 2 wrong usage, 1 no lab can run here, 130 stopped.
    """
    given = scenarios or []
    stored = [name for name in given if name.endswith(f".{Format.JSONL}")]
    for name in stored:
        if not Path(name).is_file():
            fail(f"{name}: there is no such file. Make it with: raabta lab run --output {name}")
    chosen = {} if stored and len(stored) == len(given) else load([name for name in given if name not in stored])
    if chosen:
        check_lab()

    from raabta.cli.lab_run import Request  # noqa: PLC0415  --help need not wait for it
    from raabta.cli.lab_score import Wanted, score_scenarios  # noqa: PLC0415

    if not given and part is not Part.ALL:
        chosen = only(chosen, part.value)
    request = Request(n_workers=n_workers(jobs, limit_s, repeat), limit_s=limit_s, repeat=repeat, output=output or "")
    wanted = Wanted(stored=tuple(stored), part=part.value, picture=picture, golden=golden)
    if score_scenarios(chosen, request, wanted):
        raise typer.Exit(SOME_NOT_RUN)


@app.command(short_help="Fit likelihoods to what was counted in the lab.")
def fit(
    results: Annotated[list[str], typer.Argument(metavar="RESULTS.jsonl...", help="Rows of `raabta lab run`.")],
    *,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The table of counts, to be reviewed.")
    ] = "-",
) -> None:
    """Count what questions answered where the truth is known, on fitting families; choose the temperature on others.

    Put the table into src/raabta/diagnose/data/counts.toml once it is reviewed. Exit code: 0 written, 2 wrong usage.
    """
    from raabta.cli.lab_fit import fit as fit_counts  # noqa: PLC0415  --help need not wait for it

    fit_counts(results, output=output)


@app.command(short_help="Open a shell in a client of a scenario's country.")
def shell(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|FILE.toml", help="A packaged scenario, or a file.")],
    *,
    network: Annotated[str, typer.Option(metavar="NAME", help="Whose client. Default: the first network.")] = "",
) -> None:
    """Open a shell in a client of a scenario's country; it ends with the shell.

    Exit code: the shell's, 2 wrong usage, 1 no lab can run here.
    """
    ((name, chosen),) = load([scenario]).items()
    known = [one.name for one in chosen.network]
    if network and network not in known:
        fail(f"--network {network}: {name} has no such network. Try one of: {', '.join(known)}")
    check_lab()

    from raabta.lab.run import run_shell  # noqa: PLC0415  --help need not wait for it

    raise typer.Exit(run_shell(name, chosen, network=network))
