"""``raabta probe --expect exempt``: its options, and what is wrong with how it was called. The run: ``expect_run``."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer
from msgspec import Struct

from raabta.cli.diagnose import fail, require_folder

if TYPE_CHECKING:
    from raabta.pipeline.expecting import ExpectPlan

_PLACE: Final = "wireguard://HOST:PORT"


class Expected(StrEnum):
    """What is expected to be true."""

    EXEMPT = "exempt"


ExpectOption = Annotated[
    Expected | None, typer.Option("--expect", help="Does the exemption of TARGET, a tunnel's end point, work?")
]
FileOption = Annotated[
    Path | None, typer.Option("--expect-file", metavar="FILE", help="Keys of a probe peer, twins (TOML).")
]
TwinOption = Annotated[
    list[str] | None, typer.Option("--twin", metavar="URL", help="The same protocol, not listed; may be repeated.")
]
LineOption = Annotated[str, typer.Option("--line", metavar="URL", help="tcp://HOST:PORT that shows the line's loss.")]
OutsideOption = Annotated[
    Path | None, typer.Option("--outside", metavar="FILE", help="Result of the same test elsewhere (jsonl).")
]


class ExpectRequest(Struct, frozen=True, kw_only=True):
    """What was asked for, checked."""

    plan: "ExpectPlan"
    outside: Path | None
    output: str | None


def read_request(
    expected: Expected | None,
    targets: Sequence[str],
    *,
    file: Path | None,
    twins: Sequence[str],
    line: str,
    outside: Path | None,
    output: str | None,
    asn: int,
) -> ExpectRequest | None:
    """Check all that can be checked before anything is sent; end the command with what is wrong.

    Returns:
        What is to be measured; None where an ordinary round was asked for.
    """
    if expected is None:
        if file or twins or line or outside:
            fail("--expect-file, --twin, --line and --outside go with: raabta probe --expect exempt ENDPOINT")
        return None
    from raabta.pipeline.expect_file import read_plan  # noqa: PLC0415  --help need not wait for it

    if len(targets) > 1:
        fail(f"--expect tests one end point, and {len(targets)} are given. Name one, like {_PLACE}")
    require_folder("--output", output)
    url = "".join(targets)
    if url.endswith(".toml"):
        file, url = Path(url), ""
    try:
        plan = read_plan(file, url=url, twins=tuple(twins), line=line, asn=asn)
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        cannot_read(error)
    return ExpectRequest(plan=plan, outside=outside, output=output)


def run(request: ExpectRequest, *, yes: bool, as_lines: bool) -> NoReturn:
    """Ask for consent, measure, write, say. Ends with the exit code of the answer."""
    from raabta.cli import probe_consent  # noqa: PLC0415  as below

    probe_consent.require(yes=yes, now=datetime.now(UTC))  # noqa: TID251  the clock enters here
    from raabta.cli.expect_run import run_expect  # noqa: PLC0415  takes 0.5 s, which mistakes need not wait for

    run_expect(request, as_lines=as_lines)


def cannot_read(error: OSError) -> NoReturn:
    """End the command because of a file."""
    fail(f"{error.filename or 'a file'}: {error.strerror or error}. Check the name and who may read it.")
