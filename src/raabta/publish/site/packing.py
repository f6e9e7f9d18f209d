"""How a long list is cut into pages, so that none weighs more than 50 kB with its style sheet.

A page is its frame (all but the list) and some of the list's pieces, in their order. Pieces are rendered once, then
counted in bytes. One piece that alone is too large gets a page of its own: callers cut texts before (``cut_text``).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from markupsafe import Markup

from raabta.model.site import MAX_PAGE_BYTES

PIECE_BYTES_MAX: Final = 9_000
"""Of one piece of a text: four fit on a page beside its frame."""
SLACK_BYTES: Final = 500
"""For what a frame has only where it holds something: the ends of a list, longer numbers of pages."""


def weight(shown: str) -> int:
    """Give how many bytes a piece of HTML takes."""
    return len(shown) if shown.isascii() else len(shown.encode())


def pack(pieces: Sequence[Markup], *, room_bytes: int, first_room_bytes: int | None = None) -> list[list[Markup]]:
    """Put pieces on pages, in order; always one page at least.

    Args:
        pieces: Rendered.
        room_bytes: What a page has for them.
        first_room_bytes: What the first page has, where that is less.
    """
    pages: list[list[Markup]] = [[]]
    left = room_bytes if first_room_bytes is None else first_room_bytes
    for piece in pieces:
        size = weight(piece) + 1  # and a line feed
        if size > left and (pages[-1] or left < room_bytes):
            pages.append([])
            left = room_bytes
        pages[-1].append(piece)
        left -= size
    return pages


def take(pieces: Iterable[Markup], *, room_bytes: int) -> list[Markup]:
    """Give the first pieces, as many as there is room for; what comes after is not looked at."""
    left = room_bytes
    taken: list[Markup] = []
    for piece in pieces:
        left -= weight(piece)
        if left < 0:
            break
        taken.append(piece)
    return taken


def room_beside(*, frame_bytes: int, style_bytes: int) -> int:
    """Give what a page has for its list, beside its frame and the style sheet."""
    return max(PIECE_BYTES_MAX, MAX_PAGE_BYTES - frame_bytes - style_bytes - SLACK_BYTES)


def cut_text(text: str, show: Callable[[str], Markup], *, most_bytes: int = PIECE_BYTES_MAX) -> list[Markup]:
    """Show a text in pieces that are small enough, cut between paragraphs, else lines, else words.

    Args:
        text: Plain.
        show: Renders a part of it.
        most_bytes: Of one piece.
    """
    shown = show(text)
    if weight(shown) <= most_bytes or len(text) < 2:
        return [shown]
    middle = _seam(text)
    halves = (text[:middle], text[middle:])
    return [piece for half in halves for piece in cut_text(half, show, most_bytes=most_bytes)]


def _seam(text: str) -> int:
    """Find where to cut a text in two, as near to its middle as a gap is, but not beyond its outer quarters."""
    middle = len(text) // 2
    for gap in ("\n\n", "\n", "۔ ", ". ", " "):
        before, after = text.rfind(gap, len(text) // 4, middle), text.find(gap, middle, len(text) * 3 // 4)
        found = [at + len(gap) for at in (before, after) if at >= 0]
        if found:
            return min(found, key=lambda at: abs(at - middle))
    return middle
