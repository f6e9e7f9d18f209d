"""What a request says: its form's fields, the language of the answer, and which network it came from."""

from typing import Final
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

from raabta.model.bulletin import Language

FIELDS_MAX: Final = 200
"""Components, kinds and products, each a field of its own, and a dozen others."""
URLENCODED: Final = "application/x-www-form-urlencoded"

Fields = dict[str, list[str]]
"""A form's fields; those that are empty are not there."""


async def read_fields(request: Request) -> Fields:
    """Read a form.

    Raises:
        HTTPException: It is of another type (415), has too many fields, or is not UTF-8 (400).
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != URLENCODED:
        raise HTTPException(415)
    try:
        body = (await request.body()).decode("ascii")
        read = parse_qs(body, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise HTTPException(400) from error
    return {name: [value.strip() for value in values if value.strip()] for name, values in read.items()}


def one(fields: Fields, name: str) -> str:
    """Give a field's first value, "" where there is none; line ends as we keep them."""
    return next(iter(fields.get(name, ())), "").replace("\r\n", "\n").replace("\r", "\n")


def language_of(request: Request, fields: Fields | None = None, *, default: str = "") -> Language:
    """Choose the language of a page: what the form or link says, else ``default``, else what the browser prefers."""
    said = one(fields or {}, "l") or request.query_params.get("l", "") or default
    if said not in ("en", "ur"):
        said = _preferred(request.headers.get("accept-language", ""))
    return "ur" if said == "ur" else "en"


def client_of(request: Request, *, behind_proxy: bool) -> str:
    """Name who asks: the peer, or behind a proxy the last address that it noted: earlier ones may be anybody's word."""
    if behind_proxy:
        noted = request.headers.getlist("x-forwarded-for")
        return noted[-1].rpartition(",")[2].strip() if noted else ""
    return request.client.host if request.client else ""


def _preferred(header: str) -> str:
    """Give the first of the browser's languages that is one of ours. Their order is their rank, as browsers send it."""
    tags = (part.partition(";")[0].strip().lower().partition("-")[0] for part in header[:200].split(","))
    return next((tag for tag in tags if tag in ("en", "ur")), "en")
