"""What the commands that prove share: whom to ask, what is printed, and how a look is kept."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.opening import new_bytes

if TYPE_CHECKING:
    from raabta.model.register import Proof
    from raabta.pipeline.proving import Look, ProvingSettings
    from raabta.reference.special import SpecialRanges
    from raabta.registry import Register
    from raabta.wire.challenge import Claim

NOT_SHOWN: Final = 3
N_BESIDE: Final = 8
"""Random bytes of a name that nobody can foresee."""
AFTERWARDS: Final = {
    "operator_attestation": "Then run the same command with --attestation FILE. This one takes --request FILE.",
    "call_back": "docs/guides/leases.md says how receipts are handed in.",
}

ResolverOption = Annotated[
    list[str] | None,
    typer.Option(metavar="URL", help="Whom to ask, as tls://9.9.9.9; give two or more. Default: three of the public."),
]
PortOption = Annotated[
    int, typer.Option(metavar="N", show_default=False, help="TCP port to look at, for tests. Default: 80 or 443.")
]
TrustOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Certificate authorities (PEM) to trust, for tests.")
]
TablesOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Own networks (TOML); see the guide of lint.")]


def read_settings(
    resolvers: list[str] | None, *, port: int, trust: Path | None, tables: Path | None
) -> "ProvingSettings":
    """Read whom to ask and what to trust."""
    from raabta.cli.control_options import read_resolver  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.proving import ProvingSettings, default_resolvers  # noqa: PLC0415

    if not 0 <= port <= 65535:
        fail(f"--port {port}: ports are 1 to 65535. Leave it out for the usual one.")
    read = [read_resolver(url) for url in resolvers or ()]
    try:
        trust_pem = trust.read_text("ascii") if trust is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--trust {trust}: {error}. Give a file with certificates in PEM form.")
    return ProvingSettings(
        resolvers=tuple(one for one in read if one is not None) or default_resolvers(),
        special=load_special(tables),
        trust_pem=trust_pem,
        http_port=port or 80,
        tls_port=port or 443,
    )


def load_special(tables: Path | None) -> "SpecialRanges":
    """Give the addresses that nobody serves from."""
    from raabta.reference.special import IANA_RANGES  # noqa: PLC0415  as above

    if tables is None:
        return IANA_RANGES
    from raabta.reference.own import load_own_tables  # noqa: PLC0415

    try:
        return load_own_tables(tables).special
    except (ValueError, OSError) as error:
        fail(f"--tables: {error}")


def ask_or_check(
    register: "Register", claim: "Claim", *, settings: "ProvingSettings | None", request: Path | None = None
) -> None:
    """Give a challenge and say what to show; with settings, look whether it is shown."""
    from raabta.pipeline.proof_keeping import ask_for_proof, open_proof  # noqa: PLC0415  as above

    if settings is not None:
        _check(register, open_proof(register, claim), settings)
        return
    from raabta.wire.challenge import NONCE_BYTES  # noqa: PLC0415

    proof = ask_for_proof(register, claim, nonce=new_bytes(NONCE_BYTES))
    typer.echo(proof.id)
    _tell_what_to_show(register, proof, request)


def keep_file(register: "Register", claim: "Claim", *, raw: bytes, name: str) -> None:
    """Take an operator's attestation as proof."""
    from raabta.pipeline.proof_keeping import keep_attestation, open_proof  # noqa: PLC0415  as above

    tell_kept(register, keep_attestation(register, open_proof(register, claim).id, raw=raw, name=name))


def tell_kept(register: "Register", proof: "Proof") -> None:
    """Say that a proof is in force, and who else proved the same."""
    from raabta.pipeline.proof_keeping import rivals_of  # noqa: PLC0415  as above

    until = f"{proof.expires_at:%Y-%m-%d}" if proof.expires_at is not None else "-"
    typer.echo(f"{proof.id}\t{proof.status}\t{until}")
    for other in rivals_of(register, proof):
        typer.echo(f"{other} has proved {proof.subject} too. Ask both whose it is.", err=True)


def tell_look(proof: "Proof", look: "Look") -> None:
    """Say on standard error what each place saw."""
    for sight in look.sights:
        typer.echo(f"{sight.witness}: {sight.fault or 'shows it'}", err=True)
    if not look.is_shown:
        typer.echo(f"{proof.subject} does not show the challenge of {proof.id} yet.", err=True)


def _check(register: "Register", proof: "Proof", settings: "ProvingSettings") -> None:
    from raabta.pipeline.proof_keeping import look_and_keep  # noqa: PLC0415  as above
    from raabta.probe.host import HostNetwork  # noqa: PLC0415

    kept, look = asyncio.run(
        look_and_keep(register, proof, network=HostNetwork(), settings=settings, chance=new_bytes(N_BESIDE))
    )
    tell_look(kept, look)
    if not look.is_shown:
        typer.echo(
            "Names and files can take hours to be seen everywhere: try again, or see docs/guides/proofs.md", err=True
        )
        raise typer.Exit(NOT_SHOWN)
    tell_kept(register, kept)


def _tell_what_to_show(register: "Register", proof: "Proof", request: Path | None) -> None:
    from raabta.pipeline.proof_keeping import request_for  # noqa: PLC0415  as above
    from raabta.registry.instructions import lines_to_show, words_to_show  # noqa: PLC0415

    for what, value in lines_to_show(proof):
        typer.echo(f"{what}\t{value}")
    typer.echo(words_to_show(proof), err=True)
    if request is not None:
        request.write_bytes(request_for(register, proof))
        typer.echo(f"The request is in {request}.", err=True)
    typer.echo(AFTERWARDS.get(proof.kind, "Then run the same command with --check."), err=True)
