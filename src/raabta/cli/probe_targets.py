"""Which end points a call of ``raabta probe`` means: names of the list, names of a list of one's own, URLs, hosts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.report.words import counted, plain
from raabta.pipeline.probing import ProbeTarget
from raabta.reference.targets import Endpoint, Target, load_targets, read_targets, url_problem

MAX_TARGETS: Final = 2_000
"""End points of one round. More are several rounds: a round is meant to be a moment."""

NEAR_SHOWN: Final = 5


def choose_targets(asked: Sequence[str], list_file: str | None) -> list[ProbeTarget]:
    """Give the end points to probe.

    Args:
        asked: ``name`` (all end points of a service), ``name.endpoint``, a URL or a host; none for the whole list, of
            which each service's first end point is probed.
        list_file: A list in place of the package's.

    Raises:
        typer.Exit: Something names nothing, or the list cannot be read.
    """
    listed = load_targets().targets if list_file is None else _read_list(list_file)
    if not asked:
        return [_probe_target(target, target.endpoints[0]) for target in listed][:MAX_TARGETS]
    chosen = [found for text in asked for found in _named(text, listed)]
    return list({target.url: target for target in chosen}.values())[:MAX_TARGETS]


def print_targets(targets: Sequence[ProbeTarget]) -> None:
    """Print end points, one a line."""
    for target in targets:
        typer.echo(f"{target.name or '-'}\t{target.url}")


def _probe_target(target: Target, endpoint: Endpoint) -> ProbeTarget:
    name = target.name if endpoint == target.endpoints[0] else f"{target.name}.{endpoint.name}"
    return ProbeTarget(url=endpoint.url, name=name, provider=target.provider)


def _named(text: str, listed: Sequence[Target]) -> list[ProbeTarget]:
    name, _, part = text.partition(".")
    for target in listed:
        if target.name == name and not part:
            return [_probe_target(target, endpoint) for endpoint in target.endpoints]
        found = [endpoint for endpoint in target.endpoints if target.name == name and endpoint.name == part]
        if found:
            return [_probe_target(target, found[0])]
    if "." not in text and ":" not in text:
        near = [target.name for target in listed if text.lower() in target.name or text.lower() in target.title.lower()]
        more = f" Did you mean: {', '.join(near[:NEAR_SHOWN])}?" if near else ""
        fail(f"{plain(text)}: no service of the list has this name.{more} See them: raabta probe --show-targets")
    url = text if "://" in text else f"https://{text}" if "/" in text else f"https://{text}/"
    problem = url_problem(url)
    if problem:
        fail(f"{plain(text)}: {problem}")
    return [ProbeTarget(url=url)]


def _read_list(file: str) -> tuple[Target, ...]:
    """Read a list of one's own; what is wrong is told by line, and nothing is probed then."""
    try:
        text = Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--list {file}: cannot be read ({error}). A list is described in docs/guides/targets.md.")
    targets, problems = read_targets(text, file=file)
    for problem in problems:
        typer.echo(f"  {plain(problem.file)}:{problem.line}  {plain(problem.field)}: {plain(problem.reason)}", err=True)
    if problems:
        fail(f"--list {file}: {counted(len(problems), 'row')} cannot be used. Correct or remove them.")
    if not targets:
        fail(f"--list {file}: it names nothing to probe. A list is described in docs/guides/targets.md.")
    return targets
