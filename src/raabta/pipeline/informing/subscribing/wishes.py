"""What somebody asks to be told, checked against what the settings know."""

from collections.abc import Iterable
from typing import Final, TypeVar, get_args

from msgspec import Struct, structs

from raabta.model.bulletin import BulletinKind
from raabta.model.subscription import CHANNELS, Channel, Subscriber, SubscriberLanguage
from raabta.pipeline.informing.settings import Publishing

_Choice = TypeVar("_Choice", bound=str)

KINDS: Final[tuple[BulletinKind, ...]] = get_args(BulletinKind)
LANGUAGE_CHOICES: Final[tuple[SubscriberLanguage, ...]] = get_args(SubscriberLanguage)


class Wishes(Struct, frozen=True, kw_only=True):
    """What a subscriber is told. Empty ``component_ids`` and ``kinds`` mean all; empty ``products`` mean none.

    ``invitation`` is a member's code; "" where there is none.
    """

    language: SubscriberLanguage = "both"
    component_ids: tuple[str, ...] = ()
    kinds: tuple[BulletinKind, ...] = ()
    products: tuple[str, ...] = ()
    invitation: str = ""


def read_wishes(
    settings: Publishing,
    *,
    language: str = "both",
    component_ids: Iterable[str] = (),
    kinds: Iterable[str] = (),
    products: Iterable[str] = (),
    invitation: str = "",
) -> Wishes:
    """Read wishes from texts that somebody typed or that a form sent.

    Raises:
        ValueError: A field is wrong. The text names it, says what it may be, and repeats nothing.
    """
    site = settings.site
    components = [one.id for one in site.components]
    return Wishes(
        language=next(iter(_chosen("language", [language], LANGUAGE_CHOICES))),
        component_ids=_unless_all(_chosen("component", component_ids, components), len(components)),
        kinds=_unless_all(_chosen("kind", kinds, KINDS), len(KINDS)),
        products=_chosen("product", products, [one.id for one in site.products]),
        invitation="".join(invitation.split()),
    )


def read_channel(text: str) -> Channel:
    """Read a channel's name.

    Raises:
        ValueError: There is none of this name.
    """
    return next(iter(_chosen("channel", [text], CHANNELS)))


def with_wishes(subscriber: Subscriber, wishes: Wishes, *, member_id: str) -> Subscriber:
    """Give a subscriber other wishes; ``member_id`` "" leaves the member that was there."""
    return structs.replace(
        subscriber,
        language=wishes.language,
        component_ids=wishes.component_ids,
        kinds=wishes.kinds,
        products=wishes.products,
        member_id=member_id or subscriber.member_id,
    )


def _chosen(field: str, given: Iterable[str], choices: Iterable[_Choice]) -> tuple[_Choice, ...]:
    """Give the choices that were made, each once, in the order of the choices."""
    known, asked = tuple(choices), set(given)
    if asked - set(known):
        message = f"{field}: one of {', '.join(known)}." if known else f"{field}: the settings know none."
        raise ValueError(message)
    return tuple(choice for choice in known if choice in asked)


def _unless_all(chosen: tuple[_Choice, ...], n_all: int) -> tuple[_Choice, ...]:
    """All of several is the same as none: who ticked every box gets what comes later, and what belongs to no box."""
    return () if len(chosen) == n_all > 1 else chosen
