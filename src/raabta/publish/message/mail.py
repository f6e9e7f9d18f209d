"""A letter as an e-mail: bytes for a mail server, made of nothing but what is given.

- Both forms, plain and HTML; both languages one after the other, each marked with its direction.
- One click leaves: List-Unsubscribe with List-Unsubscribe-Post (RFC 8058); List-Id (RFC 2919), Auto-Submitted (RFC
  3834).
- Message-ID is made of the delivery's id: a repetition has the same one, so that many mail programs show it once, and
  says so in ``Raabta-Repeated``.
- The return address holds a token of the subscriber (VERP), so that a bounce tells whose it is.

No field can begin a header of its own: those that hold words are a single line without control signs, encoded where
they are not ASCII; all others are printable ASCII, or the message is not made; an address has only the signs of
``ADDRESS``. Python's ``email`` does not write it: it needs 4 ms for a message where this needs 0.2, and before 3.11.10
it decodes what looks like an encoded word, so that a line break hidden in one begins a header (CVE-2024-6923).
"""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Sequence
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from typing import Final

from markupsafe import Markup
from msgspec import Struct

from raabta.model.bulletin import Language
from raabta.publish.bidi import isolate_html, without_controls
from raabta.publish.message.letters import Letter, Paragraph, join_subjects

ADDRESS: Final = re.compile(r"(?=.{3,254}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]+")
"""RFC 5321's dot-string and a host name: no quoted parts, blanks, brackets, commas, nor other scripts."""
SUBJECT_CHARACTERS_MAX: Final = 250
NAME_CHARACTERS_MAX: Final = 80
ENCODED_BYTES_MAX: Final = 42
"""Of a text in one encoded word, which has 75 characters at most: RFC 2047, 2."""
LINE_CHARACTERS_MAX: Final = 998
"""RFC 5322, 2.1.1."""
LOCAL_PART_MAX: Final = 64
"""RFC 5321, 4.5.3.1.1."""
_JOINERS: Final = frozenset("\u200c\u200d\u200e\u200f")
"""Urdu needs them; they are no controls of a terminal or header."""
_STYLE: Final = "max-width:40em;font-family:sans-serif;line-height:1.5"
_STYLE_UR: Final = "max-width:40em;font-family:'Noto Nastaliq Urdu','Noto Naskh Arabic',serif;line-height:2"


class MailHead(Struct, frozen=True, kw_only=True):
    """What stands around a letter. ``leave_url`` "" means that there is nothing to leave."""

    from_name: str
    sender: str
    """Address of From."""
    to: str
    at: dt.datetime
    delivery_id: str
    return_path: str
    """The envelope's sender: where bounces go."""
    in_list: bool = False
    """It goes to many, who can leave."""
    leave_url: str = ""
    leave_mail: str = ""
    """Where to write to leave, where there is no page for it."""
    thread_id: str = ""
    """Bulletins of one thread stand together in mail programs."""
    repeated: bool = False


class Mail(Struct, frozen=True, kw_only=True):
    """An e-mail with its envelope."""

    return_path: str
    to: str
    raw: bytes


def write_mail(head: MailHead, letters: Sequence[Letter]) -> Mail:
    """Write an e-mail.

    Args:
        head: What stands around the letter.
        letters: The message in one language, or in several, in order.

    Raises:
        ValueError: An address is none that mail can be sent to. The text does not repeat it.
    """
    host = _plain_address(head.sender, "the sender").rpartition("@")[2]
    mark = hashlib.sha256(head.delivery_id.encode()).hexdigest()[:40]
    lines = [
        _words_head(
            one_line(head.from_name, NAME_CHARACTERS_MAX),
            head.sender,
            one_line(join_subjects(letters), SUBJECT_CHARACTERS_MAX),
        ),
        _line("To", _plain_address(head.to, "the receiver")),
        _line("Date", format_datetime(head.at.astimezone(dt.UTC))),
        _line("Message-ID", f"<{mark}@{host}>"),
        _line("Auto-Submitted", "auto-generated"),
        _line("Content-Language", ", ".join(letter.language for letter in letters)),
        *_more_heads(head, host),
        _line("MIME-Version", "1.0"),
        _line("Content-Type", f'multipart/alternative; boundary="=_{mark}"'),
        b"\r\n",
        *_part(mark, "plain", "\n\n".join(letter.plain for letter in letters)),
        *_part(mark, "html", _page(letters)),
        f"--=_{mark}--\r\n".encode(),
    ]
    return_path = _plain_address(head.return_path, "the return address")
    return Mail(return_path=return_path, to=head.to, raw=b"".join(lines))


def return_address(bounces: str, token: str) -> str:
    """Put a token into the address that bounces go to: ``bounces+TOKEN@example.pk``.

    Where that would be longer than servers take, it is left out.
    """
    local, _, host = bounces.rpartition("@")
    return f"{local}+{token}@{host}" if token and len(local) + 1 + len(token) <= LOCAL_PART_MAX else bounces


def one_line(text: str, n_most: int) -> str:
    """Give a text as it may stand in a header: one line, no control signs, not too long.

    What looks like an encoded word (RFC 2047) is taken apart: programs that read the header would decode it.
    """
    clean = "".join(sign if sign.isprintable() or sign in _JOINERS else " " for sign in without_controls(text))
    short = " ".join(clean.replace("=?", "= ?").split())
    return short if len(short) <= n_most else f"{short[: n_most - 1].rstrip()}…"


@lru_cache(maxsize=64)
def _words_head(from_name: str, sender: str, subject: str) -> bytes:
    """Write the header fields that hold words, once for all receivers."""
    name = _quoted(from_name) if from_name.isascii() else _encoded(from_name)
    shown = subject if subject.isascii() else _encoded(subject)
    return f"From: {name} <{sender}>\r\nSubject: {shown}\r\n".encode("ascii")


def _quoted(text: str) -> str:
    """Write a name as RFC 5322 has it, 3.2.4."""
    inside = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def _encoded(text: str) -> str:
    """Write a text as encoded words (RFC 2047, 2), each whole letters and in a line of its own."""
    pieces: list[str] = [""]
    for sign in text:
        if len((pieces[-1] + sign).encode(errors="replace")) > ENCODED_BYTES_MAX:
            pieces.append("")
        pieces[-1] += sign
    words = (base64.b64encode(piece.encode(errors="replace")).decode() for piece in pieces)
    return "\r\n ".join(f"=?utf-8?b?{word}?=" for word in words)


def _more_heads(head: MailHead, host: str) -> Iterator[bytes]:
    if head.thread_id:
        yield _line("References", f"<{hashlib.sha256(head.thread_id.encode()).hexdigest()[:40]}.thread@{host}>")
    if head.repeated:
        yield _line("Raabta-Repeated", "possible")
    if not head.in_list:
        return
    yield _line("List-Id", f"<bulletins.{host}>")
    ways = [f"<{head.leave_url}>"] if head.leave_url else []
    if head.leave_mail:
        ways.append(f"<mailto:{_plain_address(head.leave_mail, 'the address to leave')}?subject=leave>")
    if ways:
        yield _line("List-Unsubscribe", ", ".join(ways))
    if head.leave_url:
        yield _line("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


def _line(name: str, value: str) -> bytes:
    """Write a header field that is ASCII and one line: nothing else can be put into it."""
    if not (value.isascii() and value.isprintable()) or len(name) + len(value) + 2 > LINE_CHARACTERS_MAX:
        message = f"the header {name} would hold what a header cannot hold. Look at the settings: site.url, desk_url."
        raise ValueError(message)
    return f"{name}: {value}\r\n".encode("ascii")


def _part(mark: str, subtype: str, text: str) -> Iterator[bytes]:
    """Write one form of the message. Base64: no line is too long, and no line can look like a boundary."""
    yield f"--=_{mark}\r\n".encode()
    yield _line("Content-Type", f'text/{subtype}; charset="utf-8"')
    yield _line("Content-Transfer-Encoding", "base64")
    yield b"\r\n"
    yield base64.encodebytes(text.replace("\n", "\r\n").encode(errors="replace")).replace(b"\n", b"\r\n")


def _plain_address(text: str, which: str) -> str:
    if not ADDRESS.fullmatch(text) or ".." in text or text.startswith(".") or ".@" in text:
        message = f"{which}: this is no e-mail address that can be sent to. Write one as name@example.pk."
        raise ValueError(message)
    return text


def _page(letters: Sequence[Letter]) -> str:
    title = escape(join_subjects(letters))
    sections = "\n<hr>\n".join(_section(letter) for letter in letters)
    head = (
        f'<!doctype html><html lang="{letters[0].language}"><head><meta charset="utf-8"><title>{title}</title></head>'
    )
    return f"{head}<body>\n{sections}\n</body></html>\n"


def _section(letter: Letter) -> str:
    way, style = ("rtl", _STYLE_UR) if letter.language == "ur" else ("ltr", _STYLE)
    inside = "\n".join(_paragraph(one, letter) for one in letter.paragraphs)
    return f'<div lang="{letter.language}" dir="{way}" style="{style}">\n{inside}\n</div>'


def _paragraph(one: Paragraph, letter: Letter) -> str:
    heading = f"<h3>{_marked(one.heading, letter)}</h3>" if one.heading else ""
    lines = [_marked(line, letter) for line in one.text.split("\n")] if one.text else []
    if one.url:
        url = escape(one.url)
        lines.append(f'<a href="{url}" dir="ltr">{url}</a>')
    return heading + (f"<p>{'<br>'.join(lines)}</p>" if lines else "")


def _marked(text: str, letter: Letter) -> str:
    return _as_html(text, letter.language)


@lru_cache(maxsize=1024)
def _as_html(text: str, language: Language) -> str:
    """Escape a text, and isolate what runs the other way; kept, since a bulletin's are the same for all."""
    return str(isolate_html(text)) if language == "ur" else str(Markup.escape(without_controls(text)))
