"""What is looked for in a file before it is attached: the address of who measured, and facts for the incident file.

Looked into, whatever kind the file is said to be: JSON documents, one or several (measurements as OONI writes them,
verdicts, routes), text, and PNG and JPEG pictures. A verdict holds no address by its type.

Refused is what still holds an address of who measured (``addresses``), what is packed, what is text of two bytes a
letter, and pictures with a camera's notes: each can be put right. Withheld from evidence packs, until a person says
that it may go, is what cannot be looked into surely (``Found.withheld``): other pictures, PDF and office documents,
text that holds any address of a machine. Captures of packets never go.

Not found: an address that a site encoded, or wrote into a page under another name. So the person who attaches a
document has read it.
"""

from typing import Final, NamedTuple

from raabta.model import Measurement
from raabta.pipeline.informing.desk.inspecting import facts
from raabta.pipeline.informing.desk.inspecting.addresses import holds_any_address, named_in_text, own_address
from raabta.pipeline.informing.desk.inspecting.documents import Document, cut_into_documents, has_twins
from raabta.pipeline.informing.desk.inspecting.formats import OFFICE, is_capture, is_packed, is_wide_text, name_of
from raabta.pipeline.informing.desk.inspecting.pictures import about_picture

__all__ = ["CAPTURE", "Found", "inspect_file"]

CAPTURE: Final = "a capture of packets holds addresses of who measured"
"""Why one is withheld."""
_JSON_ONLY: Final = ("measurement", "verdict")


class Found(NamedTuple):
    """What a file holds: facts, why it must not be attached as it is, and why it is withheld ("" where it is not)."""

    facts: tuple[str, ...] = ()
    refusal: str = ""
    withheld: str = ""


def inspect_file(content: bytes, *, kind: str) -> Found:
    """Look into a file.

    Args:
        content: All of it.
        kind: What it is said to be: a kind of ``Attachment``.
    """
    if kind == "capture":
        return Found(withheld=CAPTURE)
    if is_capture(content):
        return Found(refusal=f"{CAPTURE}. Attach it with --kind capture: it goes into no pack then.")
    if is_packed(content) and not (kind == "document" and name_of(content) == OFFICE):
        return Found(refusal="it is packed, and cannot be looked into. Unpack it first.")
    picture = about_picture(content)
    if picture is not None and kind not in _JSON_ONLY:
        return Found(refusal=picture.refusal, withheld=_not_cleared(picture.reason))
    if is_wide_text(content):
        return Found(refusal="its text has two or four bytes a letter. Save it as UTF-8 first.")
    return _about_text(content, kind)


def _not_cleared(why: str) -> str:
    return f"not cleared by the desk: {why}" if why else ""


def _about_text(content: bytes, kind: str) -> Found:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    name = name_of(content) or ("" if "\0" not in text else "this file")
    documents = cut_into_documents(content)
    if kind in _JSON_ONLY and not documents:
        words = "it holds no JSON documents. Attach it as a document, or give the measurement itself."
        return Found(refusal=words)
    refusal = _about_documents(documents, kind)
    field = named_in_text(text)
    if not refusal and field:
        refusal = f"it still holds an address of who measured, in {field}. Replace it by 127.0.0.1."
    if refusal:
        return Found(refusal=refusal)
    if documents and all(one.value is not None for one in documents):
        return _facts_of(documents)
    return Found(withheld=_not_cleared(_unsure(text, kind, name)))


def _unsure(text: str, kind: str, name: str) -> str:
    if name:
        return f"{name} cannot be looked into by a machine"
    if kind == "picture":
        return "it is neither a PNG nor a JPEG picture"
    if text.lstrip()[:1] in ("{", "["):
        return "it begins as JSON, and cannot be read as that"
    return "its text holds addresses of machines, or is very long" if holds_any_address(text) else ""


def _about_documents(documents: list[Document], kind: str) -> str:
    """Say why these must not be attached, "" where they may."""
    if kind == "verdict" and not all(map(facts.as_verdict, documents)):
        return "these are not verdicts. Take what this writes: raabta diagnose --format jsonl"
    for number, one in enumerate(documents, start=1):
        if one.value is None and kind in _JSON_ONLY:
            return f"document {number} cannot be read as JSON, so it cannot be looked into. Mend it first."
        if one.value is None:
            continue
        if twin := has_twins(one.raw):
            return f"document {number}: {twin}. Mend it first: one of them could hide an address."
        if place := own_address(one.value):
            return f"document {number} still holds an address of who measured, in {place}. Replace it by 127.0.0.1."
    return ""


def _facts_of(documents: list[Document]) -> Found:
    verdicts = [one for one in map(facts.as_verdict, documents) if one is not None]
    if verdicts:
        return Found(facts.tidied(facts.about_verdicts(verdicts)))
    measured = [one for one in map(facts.as_measurement, documents) if isinstance(one, Measurement)]
    return Found(facts.tidied(facts.about_measurements(measured)))
