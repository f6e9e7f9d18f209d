"""``raabta org prove`` and ``raabta endpoint prove``: ask for a challenge, then have it looked at.

Exit codes: 0 the challenge was given, or it is shown; 1 the database failed; 2 wrong usage or data; 3 not shown.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.diagnose import fail, require_folder
from raabta.cli.register.opening import RegisterOption, opened
from raabta.cli.register.proving import (
    PortOption,
    ResolverOption,
    TablesOption,
    TrustOption,
    ask_or_check,
    keep_file,
    load_special,
    read_settings,
)

if TYPE_CHECKING:
    from raabta.registry import Register
    from raabta.wire.challenge import Claim

CheckOption = Annotated[bool, typer.Option("--check", help="Look now whether it is shown.")]


def prove_domain(
    organisation: Annotated[str, typer.Argument(metavar="ORG", help="Its id (o-…).")],
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="As example.com.pk.")],
    *,
    kind: Annotated[str, typer.Option(metavar="KIND", help="dns_txt or web_file.")] = "dns_txt",
    check: CheckOption = False,
    resolver: ResolverOption = None,
    port: PortOption = 0,
    trust: TrustOption = None,
    tables: TablesOption = None,
    register: RegisterOption = None,
) -> None:
    """Prove that a domain is an organisation's: without --check print what to show, with it look whether it is shown.

    Exit code: 0 printed or proved, 1 the database failed, 2 wrong usage or data, 3 not shown.
    """
    settings = read_settings(resolver, port=port, trust=trust, tables=tables) if check else None
    with opened(register) as found:
        from raabta.model.register import Organisation  # noqa: PLC0415  --help need not wait for it
        from raabta.registry.claims import domain_claim  # noqa: PLC0415

        with found.look() as records:
            owner = records.get(Organisation, organisation)
        if owner is None:
            raise LookupError(f"there is no organisation {organisation}. Look it up: raabta org list")
        claim = domain_claim(owner, domain, kind=kind)
        if claim.subject not in owner.domains:
            typer.echo(f"{claim.subject} is not among the domains of {owner.id} yet. Add it there too.", err=True)
        ask_or_check(found, claim, settings=settings)


def prove_endpoint(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its id (e-…).")],
    *,
    kind: Annotated[
        str,
        typer.Option(metavar="KIND", help="acme_http, acme_tls_alpn, reverse_dns, operator_attestation or call_back."),
    ],
    check: CheckOption = False,
    resolver: ResolverOption = None,
    port: PortOption = 0,
    tables: TablesOption = None,
    request: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here what the operator is to sign.")
    ] = None,
    attestation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the operator signed: checked now.")
    ] = None,
    register: RegisterOption = None,
) -> None:
    """Prove an end point's address: without --check print what to show, with it look whether it is shown.

    Exit code: 0 printed or proved, 1 the database failed, 2 wrong usage or data, 3 not shown.
    """
    if kind != "operator_attestation" and (request or attestation):
        fail("--request and --attestation go with --kind operator_attestation.")
    require_folder("--request", str(request) if request else None)
    raw = _read(attestation) if attestation else b""
    settings = read_settings(resolver, port=port, trust=None, tables=tables) if check else None
    with opened(register) as found:
        claim = _endpoint_claim(found, endpoint, kind=kind, tables=tables)
        if attestation is None:
            ask_or_check(found, claim, settings=settings, request=request)
        else:
            keep_file(found, claim, raw=raw, name=str(attestation))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"--attestation {file}: {error.strerror}. Give the file that the operator sent.")


def _endpoint_claim(register: "Register", endpoint: str, *, kind: str, tables: Path | None) -> "Claim":
    from raabta.model.register import MemberEndpoint  # noqa: PLC0415  as above
    from raabta.registry.claims import endpoint_claim  # noqa: PLC0415

    with register.look() as records:
        place = records.get(MemberEndpoint, endpoint)
    if place is None:
        raise LookupError(f"there is no end point {endpoint}. Look it up: raabta endpoint list")
    return endpoint_claim(place, kind, now=register.now(), special=load_special(tables))
