"""An update as a picture for messengers: 1200 by 630 points, which they show whole beside a link.

Drawn as SVG, made a PNG by resvg with the fonts that come as packages, and none of the machine: the same update gives
the same picture everywhere. In Urdu the picture is mirrored; each line is one embedding from right to left, in which
host names and times are isolated.
"""

from html import escape
from typing import Final, NamedTuple

import resvg_py

from raabta.model.bulletin import Language
from raabta.model.publication import PublicThread, PublicUpdate
from raabta.model.site import Site
from raabta.publish.bulletin.wording import cause_words, next_words
from raabta.publish.feeds.cleaning import cleaned, one_line
from raabta.publish.feeds.items import OVER, Item, bare_title, host_of, in_direction, site_name, stated_of, text_of
from raabta.publish.moments import say_moment
from raabta.publish.share.lines import BOLD, FONT_FILES, REGULAR, font_of, printable, width_of, wrap
from raabta.publish.words import say

WIDTH_PX: Final = 1200
HEIGHT_PX: Final = 630
_MARGIN_PX: Final = 64
_INNER_PX: Final = WIDTH_PX - 2 * _MARGIN_PX
_BAR_PX: Final = 18
_ROW_PX: Final = 42
_BODY_PX: Final = 31
_NOTE_PX: Final = 26
_TITLE_SIZES_PX: Final = (60, 52, 44)
"""The largest with which a title takes two lines; three lines of the smallest."""
_LEADING: Final[dict[Language, float]] = {"en": 1.28, "ur": 1.5}
"""Urdu's letters reach further up and down."""
_INK: Final = "#16202b"
_GREY: Final = "#536171"
_PAPER: Final = "#fcfbf8"
_LINE: Final = "#d9dde2"
_COLOURS: Final = {"over": "#1e6b43", "critical": "#a51d2a", "major": "#b4500b", "minor": "#7a5b00", "none": "#20558a"}
"""Each at least 4.5 : 1 with white (WCAG 1.4.3)."""


class _Line(NamedTuple):
    text: str
    size_px: float
    weight: int = REGULAR
    colour: str = _INK


def share_picture(thread: PublicThread, update: PublicUpdate, *, site: Site, language: Language) -> bytes:
    """Draw an update as a PNG of 1200 by 630 points.

    Args:
        thread: The thread.
        update: Which of its updates.
        site: Who speaks.
        language: In which.
    """
    drawing = share_drawing(thread, update, site=site, language=language)
    files = [str(file) for file in FONT_FILES.values()]
    made: bytes = resvg_py.svg_to_bytes(svg_string=drawing, skip_system_fonts=True, font_files=files)
    return made


def share_drawing(thread: PublicThread, update: PublicUpdate, *, site: Site, language: Language) -> str:
    """Draw an update as SVG: what ``share_picture`` makes a PNG of."""
    return _Drawing(cleaned(Item(thread, update)), cleaned(site), language).draw()


class _Drawing:
    """One picture under way."""

    def __init__(self, item: Item, site: Site, language: Language) -> None:
        self._item = item
        self._site = site
        self._language = language
        self._is_rtl = language == "ur"
        self._colour = _COLOURS["over" if item.update.incident_state in OVER else item.update.severity]
        self._shapes: list[str] = []

    def draw(self) -> str:
        self._rectangle(0, 0, WIDTH_PX, HEIGHT_PX, colour=_PAPER)
        self._rectangle(0, 0, WIDTH_PX, _BAR_PX, colour=self._colour)
        self._head(74)
        notes = self._notes()
        foot = HEIGHT_PX - 40 - _ROW_PX * (len(notes) - 1)
        top = foot - _ROW_PX - 8
        end = self._title(160)
        self._body(end, top - 20)
        self._rectangle(_MARGIN_PX, top, _INNER_PX, 2, colour=_LINE)
        for row, note in enumerate(notes):
            self._put(note, foot + row * _ROW_PX)
        self._host(HEIGHT_PX - 40)
        size = f'width="{WIDTH_PX}" height="{HEIGHT_PX}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(self._shapes)}</svg>'

    def _head(self, y: float) -> None:
        """Who said it and when at the start of the line, the state in its colour at the end."""
        badge = printable(self._badge())
        width = width_of(badge, size_px=_NOTE_PX, weight=BOLD) + 44
        x = _MARGIN_PX if self._is_rtl else WIDTH_PX - _MARGIN_PX - width
        self._rectangle(x, y - 36, width, 52, colour=self._colour, radius=26)
        self._text(_Line(badge, _NOTE_PX, BOLD, "#ffffff"), x + width / 2, y - 1, anchor="middle")
        name = printable(site_name(self._site, language=self._language))
        shown = wrap(name, size_px=_NOTE_PX, width_px=_INNER_PX - width - 32, n_most=1)
        self._put(_Line("".join(shown[:1]), _NOTE_PX, REGULAR, _GREY), y)
        at = say_moment(self._item.update.at, self._site, language=self._language)
        self._put(_Line(at, _NOTE_PX, REGULAR, _GREY), y + _ROW_PX - 4)

    def _badge(self) -> str:
        update, thread = self._item.update, self._item.thread
        if update.incident_state is None:
            return say("bulletin", thread.kind, language=self._language)
        state = say("state", update.incident_state, language=self._language)
        if update.incident_state in OVER or update.severity == "none":
            return state
        return f"{state} · {say('severity', update.severity, language=self._language)}"

    def _title(self, y: float) -> float:
        title = printable(bare_title(self._item.update, language=self._language)) or self._badge()
        size, lines = self._titles(title)
        y += size * (0.62 if self._is_rtl else 0.55)
        for line in lines:
            self._put(_Line(line, size, BOLD), y)
            y += size * _LEADING[self._language]
        return y

    def _titles(self, title: str) -> tuple[float, list[str]]:
        """Choose the largest letters with which a title takes two lines, else the smallest."""
        broken = [
            (size, wrap(title, size_px=size, width_px=_INNER_PX, n_most=3, weight=BOLD)) for size in _TITLE_SIZES_PX
        ]
        return next((one for one in broken if len(one[1]) <= 2), broken[-1])

    def _body(self, y: float, bottom: float) -> None:
        text = text_of(self._item.update, language=self._language)
        said = printable(one_line(f"{text.correction} {text.known}"))
        leading = _BODY_PX * _LEADING[self._language]
        n_most = max(0, int((bottom - y) / leading) + 1)
        for row, line in enumerate(wrap(said, size_px=_BODY_PX, width_px=_INNER_PX, n_most=n_most)):
            self._put(_Line(line, _BODY_PX), y + row * leading)

    def _notes(self) -> list[_Line]:
        """What stands at the foot, from the meeting or the cause to the next update."""
        update, site, language = self._item.update, self._site, self._language
        notes: list[str] = []
        for meeting in update.meeting[:1]:
            notes.append(say_moment(meeting.starts_at, site, language=language))
            notes.append((language == "ur" and meeting.place_ur) or meeting.place_en)
        if update.incident_state is not None:
            notes.append(f"{say('part', 'cause', language=language)}: {cause_words(update, site, language=language)}")
            if told := stated_of(self._item, language=language):
                notes.append(told)
        following = next_words(update, site, language=language)
        if following.text:
            notes.append(f"{following.heading}: {following.text}" if following.heading else following.text)
        made = []
        for number, note in enumerate(notes, start=1):
            is_last = number == len(notes)
            weight, colour = (BOLD, _INK) if is_last else (REGULAR, _GREY)
            width = _INNER_PX - (self._host_width() + 32 if is_last else 0)
            line = wrap(printable(one_line(note)), size_px=_NOTE_PX, width_px=width, n_most=1, weight=weight)
            made.append(_Line("".join(line[:1]), _NOTE_PX, weight, colour))
        return made

    def _host_width(self) -> float:
        return width_of(host_of(self._site), size_px=_NOTE_PX, weight=BOLD)

    def _host(self, y: float) -> None:
        """Where it stands, at the end of the last line."""
        x, anchor = (_MARGIN_PX, "start") if self._is_rtl else (WIDTH_PX - _MARGIN_PX, "end")
        self._text(_Line(host_of(self._site), _NOTE_PX, BOLD, self._colour), x, y, anchor=anchor)

    def _put(self, line: _Line, y: float) -> None:
        """Write a line from the side where the language begins."""
        x, anchor = (WIDTH_PX - _MARGIN_PX, "end") if self._is_rtl else (_MARGIN_PX, "start")
        self._text(line, x, y, anchor=anchor)

    def _text(self, line: _Line, x: float, y: float, *, anchor: str) -> None:
        if not line.text:
            return
        shown = in_direction(line.text, self._site, language=self._language)
        shown = f"\u202b{shown}\u202c" if self._is_rtl else shown
        self._shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{line.size_px:g}" font-weight="{line.weight}" '
            f'font-family="{font_of(line.text)}" fill="{line.colour}" text-anchor="{anchor}">{escape(shown)}</text>'
        )

    def _rectangle(self, x: float, y: float, width: float, height: float, **look: str | int) -> None:
        radius, colour = look.get("radius", 0), look["colour"]
        self._shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" fill="{colour}"/>'
        )
