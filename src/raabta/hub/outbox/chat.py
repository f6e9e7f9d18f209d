"""Texts to chat services, by apprise: it knows how each of them is spoken to.

Only services on which people talk are allowed. Apprise speaks a hundred other things, among them files, commands and
plain HTTP, which a line in a settings file must not open.

Apprise says that a text went out, or that it did not, and never which step failed: so every failure is uncertain, and
the next try says of itself that it may be a repetition.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from raabta.hub.outbox.secret import read_secret
from raabta.publish.message import Note
from raabta.registry.outbox.outcome import SENT, Outcome

if TYPE_CHECKING:
    from apprise import NotifyBase

CHAT_SCHEMES: Final = frozenset(
    {
        "discord", "flock", "gchat", "gotify", "gotifys", "guilded", "line", "matrix", "matrixs", "mmost", "mmosts",
        "nctalk", "nctalks", "ntfy", "ntfys", "revolt", "rocket", "rockets", "ryver", "signal", "signals",
        "slack", "synology", "synologys", "tgram", "twist", "whatsapp", "workflow", "workflows", "wxteams", "zulip",
    }
)  # fmt: skip


class ChatCarrier:
    """Sends texts to the settings' chat channels; ``files`` hold their addresses, by name."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def send(self, note: Note) -> Outcome:
        """Send one text, and say what came of it."""
        file = self._files.get(note.channel)
        if file is None:
            return Outcome(kind="never", failure="the settings have no chat channel of this name")
        try:
            service = _service(read_secret(file))
        except ValueError as error:
            return Outcome(kind="later", failure=str(error), place_down=True)
        if service is None:
            return Outcome(
                kind="later", failure=f"{file.name}: no address of a chat service that is allowed", place_down=True
            )
        if service.notify(body=note.text, title=""):
            return SENT
        return Outcome(kind="later", failure="the chat service did not take it", uncertain=True, place_down=True)

    def close(self) -> None:
        """Nothing stays open."""


def is_chat_address(url: str) -> bool:
    """Say whether this is the address of a service on which people talk."""
    return url.partition("://")[0].lower() in CHAT_SCHEMES and "\n" not in url


def _service(url: str) -> "NotifyBase | None":
    if not is_chat_address(url):
        return None
    from apprise import Apprise, AppriseAsset, PersistentStoreMode  # noqa: PLC0415  a second, for who has chat channels

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may hold tokens
    asset = AppriseAsset(async_mode=False, plugin_paths=[], storage_mode=PersistentStoreMode.MEMORY, app_id="raabta")
    return Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
