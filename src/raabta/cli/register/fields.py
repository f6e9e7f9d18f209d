"""Options that are the fields of a record: named, explained and read in one place for ``add``, ``change`` and CSV."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from msgspec import Struct

ORGANISATION: Final = {
    "legal_name": "As registered.",
    "trade_name": "As known.",
    "legal_form": "sole_proprietorship, private_limited, bank, university, individual (a freelancer), …",
    "sector": "What it does.",
    "country": "Two letters, as pk.",
    "registration_number": "Of the register of companies.",
    "registration_checked_on": "The day on which that was looked up.",
    "tax_number": "The organisation's own, never a person's.",
    "tax_checked_on": "The day on which that was looked up.",
    "board_number": "Of the software export board.",
    "board_valid_until": "Its last day.",
    "association_number": "Of the association.",
    "association_valid_until": "Its last day.",
    "domains": "Its domains, separated by blanks.",
    "sponsor_id": "The member that vouches for a freelancer.",
}
ENDPOINT: Final = {
    "direction": "member_source, remote_gateway or inbound_service: whose address the prefix is.",
    "prefix": "An address or a narrow network; empty where it is mobile.",
    "asn": "The network that announces it. Default: looked up.",
    "operator": "Who runs that network: the id of a recipient of lists.",
    "addressing": "static, pool or mobile.",
    "cgnat": "yes where the operator shares the address among customers.",
    "site": "Which office.",
    "protocol": "wireguard, openvpn, ikev2, l2tp, pptp, sstp, ssh, tls, sip or other.",
    "transport": "udp, tcp, esp, gre or any.",
    "remote": "The other end: an address, a network or a host name.",
    "port": "The destination's; 0 for any.",
    "purpose": "What it serves for.",
    "device_keys": "Public keys of devices that may ask for leases, separated by blanks.",
    "valid_from": "A day or a time. Default: now.",
    "valid_until": "A day or a time, at most 12 months later. Default: a year later.",
}
PERSON: Final = {
    "name": "Stored encrypted, as all of this.",
    "email": "An address.",
    "phone": "Beginning with + or 0.",
    "role": "What they are in the organisation.",
}

Command = Callable[..., None]


def with_fields(fields: dict[str, str]) -> Callable[[Command], Command]:
    """Give a command the fields of a record as options; it gets those that were named in ``texts``."""

    def wrap(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True)
        kept = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        options = [_option(name, words) for name, words in fields.items()]

        def run(*positional: Any, **given: Any) -> None:
            texts = {name: given.pop(name) for name in fields}
            command(*positional, **given, **{name: text for name, text in texts.items() if text is not None})

        positional = [one for one in kept if one.kind is not inspect.Parameter.KEYWORD_ONLY]
        named = [one for one in kept if one.kind is inspect.Parameter.KEYWORD_ONLY]
        run.__signature__ = own.replace(parameters=[*positional, *options, *named])  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in (*positional, *options, *named)}
        run.__doc__, run.__name__ = command.__doc__, command.__name__
        return run

    return wrap


def _option(name: str, words: str) -> inspect.Parameter:
    dashed = f"--{name.replace('_', '-')}"
    option = Annotated[str | None, typer.Option(dashed, metavar="TEXT", help=words)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)


def read_or_fail(kind: "type[Struct]", texts: dict[str, str], given: dict[str, Any]) -> Any:
    """Read a record from options, or end the command with what is wrong with them."""
    from raabta.registry.tabular import read_record  # noqa: PLC0415  --help need not wait for it

    record, complaints = read_record(kind, texts, given=given)
    if record is None:
        lines = (f"--{name.replace('_', '-')}: {words}" for name, words in complaints.items())
        fail("\n        ".join(lines))
    return record
