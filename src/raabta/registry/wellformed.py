"""What a record must look like before it enters the register, field by field, and its one way of writing.

Pure. A complaint names a field and says what belongs there; it never repeats what stood there, for it may be an
identity number that somebody put into the wrong field. Such numbers are looked for in every text: the register has no
place for them. Whether an end point may be exempted is another question, for ``remedy.lint``.
"""

import datetime as dt
import ipaddress
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from msgspec import Struct, structs

from raabta.model.register import Case, MemberEndpoint, Organisation, Person

Complaints = dict[str, str]
"""Field to what is wrong with it."""

Record = TypeVar("Record", bound=Struct)

TEXT_CHARACTERS_MAX: Final = 200
"""Longer than any registered name of a company. Judgement."""
PURPOSE_CHARACTERS_MAX: Final = 500
ENDPOINT_DAYS_MAX: Final = 366
"""At most 12 months: design, "valid from/to"."""
DEVICE_KEY_BYTES: Final = 32
"""Ed25519: RFC 8032."""
ASN_MAX: Final = 2**32 - 1
"""RFC 6793."""
PORT_MAX: Final = 65535
PORTLESS: Final = ("esp", "gre")

IDENTITY_NUMBER: Final = re.compile(r"(?<!\d)\d{5}[\W_]{0,2}\d{7}[\W_]{0,2}\d(?!\d)")
"""Thirteen digits, alone or as 5-7-1: Pakistan's national identity card, and the tax number of an individual."""
MADE: Final = frozenset({"identity_hash", "fingerprint"})
"""Keyed hashes: nobody typed them, and one in some hundreds holds thirteen digits in a row by chance."""
FORMULA: Final = tuple("=+-@")
"""What a spreadsheet would run, when it opens a table that we export."""
HOST_NAME: Final = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
"""RFC 1123, 2.1: labels of letters, digits and hyphens; at least two of them, the last beginning with a letter."""
EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
PHONE: Final = re.compile(r"(\+|0)[0-9 ()/-]{5,24}")
COUNTRY: Final = re.compile(r"[a-z]{2}")
CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def has_identity_number(text: str) -> bool:
    """Say whether a text holds what looks like a person's identity number."""
    return IDENTITY_NUMBER.search(text) is not None


def without_identity_numbers(text: str) -> str:
    """Give a text without what looks like a person's identity number: as it may stand in an error or a note."""
    return IDENTITY_NUMBER.sub("(a number)", text)


def about_text(name: str, text: str) -> str:
    """Say what is wrong with a text that somebody typed into a field, "" where nothing is."""
    checks: tuple[tuple[Callable[[str], Any], str], ...] = (
        (has_identity_number, "this looks like a person's identity number, which is not kept. Leave it out."),
        (lambda part: not part.isprintable(), "it holds a line break or a character that cannot be printed."),
        (lambda part: part.startswith(FORMULA), "a spreadsheet would run it. Begin with a letter or digit."),
        (lambda part: len(part) > _longest(name), f"at most {_longest(name)} characters."),
    )
    return next((words for is_wrong, words in checks if is_wrong(text)), "")


def tidy_organisation(given: Organisation) -> tuple[Organisation, Complaints]:
    """Give an organisation in its one way of writing, and what is wrong with it."""
    tidied = structs.replace(
        _trimmed(given),
        country=given.country.strip().lower(),
        domains=tuple(dict.fromkeys(domain.strip().lower().rstrip(".") for domain in given.domains)),
    )
    found = dict(_texts(tidied))
    if not tidied.legal_name:
        found["legal_name"] = "an organisation has a name. Take it from its registration."
    if not COUNTRY.fullmatch(tidied.country):
        found["country"] = "two letters, as pk."
    if tidied.legal_form == "individual" and tidied.tax_number:
        found["tax_number"] = "an individual's tax number is their identity number, which is not kept. Leave it empty."
    if not all(map(HOST_NAME.fullmatch, tidied.domains)):
        found["domains"] = "host names as example.pk, separated by blanks; others than ASCII as xn--…"
    return tidied, found


def tidy_person(given: Person) -> tuple[Person, Complaints]:
    """Give a person in the one way of writing, and what is wrong with it."""
    tidied = structs.replace(_trimmed(given), email=given.email.strip().lower())
    found = dict(_texts(tidied, leave=("phone",)))
    if not tidied.name:
        found["name"] = "a person has a name."
    if tidied.email and not EMAIL.fullmatch(tidied.email):
        found["email"] = "an address as someone@example.pk."
    if tidied.phone and (not PHONE.fullmatch(tidied.phone) or has_identity_number(tidied.phone)):
        found["phone"] = "digits with blanks between them, beginning with + or 0."
    if tidied.identity_kind and not CODE.fullmatch(tidied.identity_kind):
        found["identity_kind"] = "the kind of paper in small letters, as national_identity_card."
    return tidied, found


def tidy_endpoint(given: MemberEndpoint) -> tuple[MemberEndpoint, Complaints]:
    """Give an end point in its one way of writing, and what is wrong with it."""
    trimmed = _trimmed(given)
    prefix, about_prefix = tidy_prefix(trimmed.prefix)
    remote, about_remote = _tidy_remote(trimmed.remote)
    tidied = structs.replace(trimmed, prefix=prefix, remote=remote)
    found = dict(_texts(tidied, leave=("device_keys",)))
    if about_prefix:
        found["prefix"] = about_prefix
    if not tidied.prefix and tidied.addressing != "mobile":
        found["prefix"] = "an address as 192.0.2.1, or a narrow network as 192.0.2.0/29. Only mobile ones have none."
    if about_remote:
        found["remote"] = about_remote
    if not 0 <= tidied.asn <= ASN_MAX:
        found["asn"] = f"a number of a network, from 1 to {ASN_MAX}; 0 where it is not known."
    if not 0 <= tidied.port <= PORT_MAX:
        found["port"] = f"a number from 1 to {PORT_MAX}; 0 for any."
    if tidied.port and tidied.transport in PORTLESS:
        found["port"] = f"{tidied.transport} has no ports. Leave it empty."
    if not all(map(_is_device_key, tidied.device_keys)):
        found["device_keys"] = "Ed25519 public keys in base64, 44 characters each, separated by blanks."
    return tidied, found | _about_validity(tidied)


def tidy_case(given: Case) -> tuple[Case, Complaints]:
    """Give an application in its one way of writing, and what is wrong with its texts."""
    steps, documents = tuple(map(_trimmed, given.steps)), tuple(map(_trimmed, given.documents))
    tidied = structs.replace(_trimmed(given), steps=steps, documents=documents)
    found = dict(_texts(tidied))
    for name, rows in (("steps", steps), ("documents", documents)):
        if words := next((words for row in rows for words in dict(_texts(row)).values()), ""):
            found[name] = words
    return tidied, found


def tidy_prefix(text: str) -> tuple[str, str]:
    """Give a prefix in CIDR form, and what is wrong with it ("" if nothing); "" stays ""."""
    if not text:
        return "", ""
    try:
        loose = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return text, "no address and no network. Write 192.0.2.1, 192.0.2.0/29 or 2001:db8::/64."
    if "%" in text:
        return text, "an address with a zone means nothing elsewhere. Leave out what follows %."
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return text, f"bits are set beyond its length. If the whole network is meant, write {loose}."
    return str(loose), ""


def _tidy_remote(text: str) -> tuple[str, str]:
    if HOST_NAME.fullmatch(text.lower().rstrip(".")):
        return text.lower().rstrip("."), ""
    return tidy_prefix(text)


def _about_validity(endpoint: MemberEndpoint) -> Complaints:
    if endpoint.valid_from > endpoint.valid_until:
        return {"valid_until": "it ends before it begins. Give a later day."}
    if endpoint.valid_until - endpoint.valid_from > dt.timedelta(days=ENDPOINT_DAYS_MAX):
        return {"valid_until": "at most 12 months after it begins. Give an earlier day, and renew it then."}
    return {}


def _is_device_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == DEVICE_KEY_BYTES
    except ValueError:
        return False


def _trimmed(record: Record) -> Record:
    """Take away blanks around texts, and more than one between words."""
    texts = ((name, getattr(record, name)) for name in record.__struct_fields__)
    return structs.replace(
        record, **{name: " ".join(filter(None, text.split(" "))) for name, text in _only_texts(texts)}
    )


def _only_texts(fields: Any) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in fields if isinstance(value, str))


def _texts(record: Struct, leave: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for name in record.__struct_fields__:
        if name in MADE:
            continue
        value = getattr(record, name)
        parts = value if isinstance(value, tuple) else (value,)
        complaint = next(
            (words for _, part in _only_texts((name, part) for part in parts) if (words := about_text(name, part))), ""
        )
        if complaint and name not in leave:
            yield name, complaint


def _longest(name: str) -> int:
    return PURPOSE_CHARACTERS_MAX if name == "purpose" else TEXT_CHARACTERS_MAX
