"""The fields of a bulletin, its meeting and its advisory, from what was typed."""

from typing import TYPE_CHECKING, Any, Final

from raabta.cli.bulletin.options import Typed
from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk

_AS_THEY_ARE: Final = {"severity": "severity", "audience": "audience", "state": "incident_state"}


def fields_of(desk: "Desk", typed: Typed) -> dict[str, Any]:
    """Read all fields but texts, meeting and advisory. Only what was named is there."""
    texts = typed.texts
    made: dict[str, Any] = {field: texts[name] for name, field in _AS_THEY_ARE.items() if name in texts}
    for name, ids in (("component_ids", typed.component), ("operator_ids", typed.operator)):
        if ids is not None:
            made[name] = tuple(filter(None, ids))
    if "next" in texts:
        made |= {"next_update_at": desk.read_moment(texts["next"], "--next"), "final": False}
    if typed.final:
        made |= {"next_update_at": made.get("next_update_at"), "final": True}
    if "evidence" in texts:
        made |= {"evidence_class": texts["evidence"], "probability_percent": None}
    if "probability" in texts:
        if not texts["probability"].isdecimal():
            fail(f"--probability: {texts['probability']!r} is no whole number from 0 to 100.")
        made["probability_percent"] = int(texts["probability"])
    return made


def meeting_of(desk: "Desk", typed: Typed, *, earlier: Any = None) -> Any:
    """Read a meeting; None where nothing of one was typed."""
    from msgspec import structs  # noqa: PLC0415  --help need not wait for it

    from raabta.model.bulletin import Meeting  # noqa: PLC0415  as above

    given: dict[str, Any] = {
        f"{name}_at": desk.read_moment(typed.texts[name], f"--{name}")
        for name in ("starts", "ends")
        if name in typed.texts
    }
    names = {"place": "place_en", "place_ur": "place_ur", "url": "url"}
    given |= {field: typed.texts[name] for name, field in names.items() if name in typed.texts}
    if not given:
        return earlier
    if earlier is not None:
        return structs.replace(earlier, **given)
    if not given.keys() >= {"starts_at", "ends_at", "place_en"}:
        fail("a meeting needs --starts, --ends and --place.")
    return Meeting(**{"place_ur": given["place_en"]} | given)


def advisory_of(typed: Typed, *, earlier: Any = None) -> Any:
    """Read an advisory; None where nothing of one was typed."""
    from msgspec import structs  # noqa: PLC0415  --help need not wait for it

    from raabta.model.bulletin import Advisory  # noqa: PLC0415  as above

    given: dict[str, Any] = {name: typed.texts[name] for name in ("affected", "fixed", "score") if name in typed.texts}
    given |= {"products": tuple(typed.product)} if typed.product else {}
    given |= {"identifiers": tuple(typed.identifier)} if typed.identifier else {}
    if not given:
        return earlier
    if earlier is not None:
        return structs.replace(earlier, **given)
    return Advisory(**{"products": ()} | given)
