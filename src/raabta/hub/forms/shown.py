"""What a form shows as chosen, and what it says of a field that is wrong."""

from msgspec import Struct

from raabta.hub.forms.incoming.reading import Fields, one
from raabta.hub.forms.pages import Pages
from raabta.model.bulletin import Language
from raabta.model.subscription import Subscriber


class Shown(Struct, frozen=True, kw_only=True):
    """A subscriber's wishes as a form shows them: also what was sent and is wrong."""

    language: str = "both"
    component_ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    invitation: str = ""


def shown_fields(fields: Fields) -> Shown:
    """Show what was sent."""
    return Shown(
        language=one(fields, "language") or "both",
        component_ids=tuple(fields.get("component", ())),
        kinds=tuple(fields.get("kind", ())),
        products=tuple(fields.get("product", ())),
        invitation=one(fields, "invitation"),
    )


def shown_of(found: Subscriber) -> Shown:
    """Show what is kept."""
    return Shown(language=found.language, component_ids=found.component_ids, kinds=found.kinds, products=found.products)


def complaint_of(error: str, pages: Pages, *, language: Language) -> dict[str, str]:
    """Give what a form shows of an error: ``wrong``, the field, and ``complaint``, words on it in the page's language.

    The field stands before ":". The error's own words are for the desk: they may name what a visitor does not know.
    """
    field = error.partition(":")[0]
    if not error:
        return {"wrong": "", "complaint": ""}
    return {
        "wrong": field,
        "complaint": pages.say("error", field if pages.knows("error", field) else "form", language=language),
    }


def other_language(language: Language) -> Language:
    """Name the other one."""
    return "en" if language == "ur" else "ur"
