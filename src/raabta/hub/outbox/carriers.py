"""Carriers from the settings: a channel that is not set up, or whose secret cannot be read, does not hold up others."""

from pathlib import Path
from typing import NamedTuple

from raabta.hub.outbox.chat import ChatCarrier
from raabta.hub.outbox.secret import read_secret
from raabta.hub.outbox.sender import Carrier
from raabta.hub.outbox.smtp import SmtpCarrier
from raabta.hub.outbox.webhook import WebhookCarrier
from raabta.model.subscription import Channel
from raabta.pipeline.informing.settings import Publishing


class Carriers(NamedTuple):
    """What can be sent with, and why the other channels cannot be used."""

    carriers: dict[Channel, Carrier]
    complaints: dict[Channel, str]


def make_carriers(settings: Publishing, *, folder: Path) -> Carriers:
    """Make the carriers of all channels that the settings describe.

    Args:
        settings: What publishing.toml says.
        folder: Where that file is: names of files in it are relative to this.
    """
    carriers: dict[Channel, Carrier] = {}
    complaints: dict[Channel, str] = {}
    for channel, make in (("email", _mail), ("webhook", _webhooks), ("chat", _chat)):
        try:
            carriers[channel] = make(settings, folder)  # type: ignore[index]
        except (OSError, ValueError) as error:
            complaints[channel] = str(error)  # type: ignore[index]
    return Carriers(carriers, complaints)


def _mail(settings: Publishing, folder: Path) -> Carrier:
    mail = settings.mail
    if mail is None:
        message = "publishing.toml has no [mail]: e-mails wait. Name the mail server there."
        raise ValueError(message)
    if mail.user and mail.security == "none":
        message = "publishing.toml: [mail] would send its password unencrypted. Set security to starttls or tls."
        raise ValueError(message)
    password = read_secret(folder / mail.password_file) if mail.user and mail.password_file else ""
    return SmtpCarrier(mail, password=password, ca_file=_authority(mail.ca_file, folder))


def _webhooks(settings: Publishing, folder: Path) -> Carrier:
    return WebhookCarrier(settings.webhooks, ca_file=_authority(settings.webhooks.ca_file, folder))


def _chat(settings: Publishing, folder: Path) -> Carrier:
    return ChatCarrier({one.name: folder / one.url_file for one in settings.chat})


def _authority(name: str, folder: Path) -> Path | None:
    """Give the file of the authorities that are trusted; None for the system's."""
    if not name:
        return None
    file = folder / name
    if not file.is_file():
        message = f"{file}: there is no such file of certificates. Name one in ca_file, or leave it out."
        raise ValueError(message)
    return file
