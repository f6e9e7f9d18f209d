"""E-mails to one mail server, over connections that stay open.

What went wrong is told apart by the step in which it did. Before a message's text was sent, it cannot have arrived;
once it was, only the server's last answer tells, and where that is missing the outcome is uncertain.

- connecting, greeting, TLS, login, MAIL: nothing of this message is wrong, the server is "down" for now
- RCPT 4xx: later. RCPT 5xx: never, and a bounce; but 5.7.x (policy: mostly that it does not relay for us) is later
- DATA 4xx: later. DATA 5xx: never; the text was refused, the address is as good as before

Failures name codes and never a server's words, which may repeat addresses.
"""

import re
import smtplib
import socket
import ssl
from pathlib import Path
from typing import Final, Literal

from raabta.hub.outbox.deadline import Watch
from raabta.pipeline.informing.settings import Mail as MailSettings
from raabta.pipeline.informing.subscribing.bounces import kind_of
from raabta.publish.message import Mail
from raabta.registry.outbox.outcome import SENT, Outcome

_STATUS: Final = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})\b")
_SOFT_CODES: Final = (552, 554)
"""Without RFC 3463's status: mailbox full, and "transaction failed", which says nothing of the address."""
_DEADLINES: Final = 4
"""A whole message may take so many times the deadline of one answer."""
CLOSING: Final = 421


class SmtpCarrier:
    """Sends e-mails; threads may share it, each uses a connection of its own."""

    def __init__(self, settings: MailSettings, *, password: str = "", ca_file: Path | None = None) -> None:
        self._settings = settings
        self._password = password
        self._context = ssl.create_default_context(cafile=ca_file)
        self._free: list[smtplib.SMTP] = []
        self._watch = Watch()

    def send(self, mail: Mail) -> Outcome:
        """Send one e-mail, and say what came of it."""
        used = self._free.pop() if self._free else None
        if used is not None:
            outcome = self._try(used, mail)
            if outcome is not None:
                return outcome
        try:
            fresh = self._connect()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return _down(error)
        return self._try(fresh, mail) or _down(None)

    def close(self) -> None:
        """Part from the server."""
        while self._free:
            _quit(self._free.pop())
        self._watch.close()

    def _connect(self) -> smtplib.SMTP:
        given = self._settings
        own_name = given.sender.rpartition("@")[2]
        smtp: smtplib.SMTP
        if given.security == "tls":
            smtp = smtplib.SMTP_SSL(given.host, given.port, own_name, timeout=given.deadline_s, context=self._context)
        else:
            smtp = smtplib.SMTP(given.host, given.port, own_name, timeout=given.deadline_s)
        try:
            with self._watch.cut_after(given.deadline_s * _DEADLINES, lambda: smtp.sock):
                smtp.ehlo_or_helo_if_needed()
                if given.security == "starttls":
                    smtp.starttls(context=self._context)
                    smtp.ehlo()
                if given.user:
                    smtp.login(given.user, self._password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _try(self, smtp: smtplib.SMTP, mail: Mail) -> Outcome | None:
        """Send over a connection; None where it had ended before the text was sent: another one may do."""
        step: Literal["before", "text"] = "before"
        try:
            with self._watch.cut_after(self._settings.deadline_s * _DEADLINES, lambda: smtp.sock):
                refused = _envelope(smtp, mail)
                if refused is None:
                    step = "text"
                    outcome = _text(smtp, mail)
                else:
                    outcome = refused
                    smtp.rset()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            smtp.close()
            if step == "text" and not isinstance(error, smtplib.SMTPDataError):
                return Outcome(kind="later", failure="the server went away after the text was sent", uncertain=True)
            return None if step == "before" else _of_data(_code(error), b"")
        if outcome.place_down:
            _quit(smtp)
        else:
            self._free.append(smtp)
        return outcome


def _envelope(smtp: smtplib.SMTP, mail: Mail) -> Outcome | None:
    """Say from whom and to whom; None where the server takes it."""
    code, words = smtp.mail(mail.return_path, [f"size={len(mail.raw)}"] if smtp.does_esmtp else [])
    if code != 250:
        return Outcome(kind="later", failure=f"the server refused our address ({_named(code, words)})", place_down=True)
    code, words = smtp.rcpt(mail.to)
    return None if code in (250, 251) else _of_recipient(code, words)


def _text(smtp: smtplib.SMTP, mail: Mail) -> Outcome:
    code, words = smtp.data(mail.raw)
    return SENT if code == 250 else _of_data(code, words)


def _of_recipient(code: int, words: bytes) -> Outcome:
    failure = f"the server refused the receiver ({_named(code, words)})"
    status = _status(words)
    if code == CLOSING:
        return Outcome(kind="later", failure=failure, place_down=True)
    if code < 500:
        return Outcome(kind="later", failure=failure, bounce="soft")
    if status.startswith("5.7."):
        return Outcome(kind="later", failure=failure)
    kind = kind_of(status) if status else ("soft" if code in _SOFT_CODES else "hard")
    return Outcome(kind="never", failure=failure, bounce=kind)


def _of_data(code: int, words: bytes) -> Outcome:
    failure = f"the server refused the text ({_named(code, words)})"
    if code == CLOSING:
        return Outcome(kind="later", failure=failure, place_down=True)
    return Outcome(kind="never" if code >= 500 else "later", failure=failure)


def _down(error: Exception | None) -> Outcome:
    match error:
        case smtplib.SMTPAuthenticationError():
            what = f"the mail server refused user or password ({error.smtp_code})"
        case smtplib.SMTPNotSupportedError():
            what = "the mail server offers no STARTTLS, or no login"
        case smtplib.SMTPResponseException():
            what = f"the mail server refused the connection ({error.smtp_code})"
        case ssl.SSLError():
            what = "TLS with the mail server failed: see host, security and ca_file in [mail]"
        case TimeoutError() | socket.gaierror() | OSError():
            what = f"the mail server cannot be reached ({type(error).__name__})"
        case _:
            what = "the mail server ended the connection"
    return Outcome(kind="later", failure=what, place_down=True)


def _code(error: Exception) -> int:
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 451


def _named(code: int, words: bytes) -> str:
    status = _status(words)
    return f"{code} {status}" if status else str(code)


def _status(words: bytes) -> str:
    found = _STATUS.match(words.strip())
    return found[1].decode() if found else ""


def _quit(smtp: smtplib.SMTP) -> None:
    try:
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()
