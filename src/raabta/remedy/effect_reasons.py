"""Why an answer is what it is: codes with permanent meaning, their words, and what to do next."""

from typing import Final

from msgspec import Struct


class Reason(Struct, frozen=True, kw_only=True):
    """What a reason code says to people."""

    words: str
    advice: str


_WORKS: Final = "Keep testing: an exemption can end any day. The next run tells."
_FAILS: Final = (
    "Send this result to the operator's contact and to the association: the entry is not loaded, is for another "
    "address or port, or has ended. Check that you measure from the address that is listed."
)

REASONS: Final[dict[str, Reason]] = {
    # --- effective
    "effective.dropped": Reason(
        words="Your openings are answered; the same openings to the twin, which is not listed, get no answer.",
        advice=_WORKS,
    ),
    "effective.reset": Reason(
        words="Your openings are answered; connections to the twin, which is not listed, are reset.", advice=_WORKS
    ),
    "effective.rejected": Reason(
        words="Your openings are answered; those to the twin are rejected by a router on the way.", advice=_WORKS
    ),
    "effective.throttled": Reason(
        words="Your openings are answered; most of those to the twin, which is not listed, are held back.",
        advice=_WORKS,
    ),
    # --- not effective
    "not_effective.dropped": Reason(
        words="Your openings get no answer from here, like the twin's, and the end point is up.", advice=_FAILS
    ),
    "not_effective.reset": Reason(
        words="The end point takes connections, and your openings on them are reset, like the twin's.", advice=_FAILS
    ),
    "not_effective.rejected": Reason(
        words="A router on the way rejects your openings, like the twin's.", advice=_FAILS
    ),
    "not_effective.throttled": Reason(
        words="Most of your openings are held back, like the twin's, on a line that carries other things well.",
        advice=_FAILS,
    ),
    # --- undecidable
    "undecidable.nothing_restricted": Reason(
        words="The twin's openings pass like yours: nothing is restricted here now that it could spare you.",
        advice="Test again when others report trouble. If there is trouble now, see that the twin is not listed too.",
    ),
    "undecidable.endpoint_silent": Reason(
        words="The end point gives no sign of life, while the twin answers.",
        advice="See that it runs and that the probe peer's key is known there (WireGuard meets a wrong key, and a "
        "clock that runs behind, with silence). Run the same test elsewhere and pass its result: --outside FILE.jsonl",
    ),
    "undecidable.endpoint_down": Reason(
        words="The end point is down: it does not answer elsewhere either, or its machine says that nothing listens.",
        advice="Start the service at the end point, then test again.",
    ),
    "undecidable.endpoint_refuses": Reason(
        words="The end point takes the connection and ends it or says nothing: that may be its own doing.",
        advice="See that the static key, its direction and digest are those of the server, and test again.",
    ),
    "undecidable.endpoint_alone": Reason(
        words="The end point answers elsewhere, not from here, and the twin does answer from here: whatever cuts it "
        "off is not a restriction of the protocol.",
        advice="Ask the operator about the address itself. The list can only help against what everybody meets.",
    ),
    "undecidable.endpoint_unsteady": Reason(
        words="The end point answers some openings only, and that is not what the twin meets.",
        advice="See how loaded the end point and its line are, then test again.",
    ),
    "undecidable.twin_silent": Reason(
        words="Your openings are answered and the twin's are not, but nothing shows that the twin is up.",
        advice="Name a second twin (--twin URL), or pass the result of a run elsewhere: --outside FILE.jsonl",
    ),
    "undecidable.twin_unknown": Reason(
        words="The twin is not answered, and it is not clear whether that is the network's doing or its own.",
        advice="Name a second twin (--twin URL), or pass the result of a run elsewhere: --outside FILE.jsonl",
    ),
    "undecidable.twin_down": Reason(
        words="The twin is down, so there is nothing to compare with.",
        advice="Name another twin: --twin URL, may be repeated.",
    ),
    "undecidable.twins_differ": Reason(
        words="Some twins' openings pass and others' do not: their addresses may matter, or one is listed by mistake.",
        advice="See that no twin is on the list, and name one more twin.",
    ),
    "undecidable.twin_spoils": Reason(
        words="The end point answered until the twin was tried, then no more: whoever is caught is punished.",
        advice="The exemption does not reach that punishment. Tell the operator; test the twin from another line.",
    ),
    "undecidable.both_silent": Reason(
        words="Neither the end point nor the twin answers, and nothing shows that the end point is up.",
        advice="Run the same test from elsewhere and pass its result: --outside FILE.jsonl",
    ),
    "undecidable.nothing_passes": Reason(
        words="Neither the end point nor the twin answers, although the end point is up, and nothing shows that this "
        "line carries anything at all.",
        advice="Name something that shows the line, in the file or as --line URL, and test again.",
    ),
    "undecidable.too_lossy": Reason(
        words="Too much is lost on this line to tell a restriction from it.",
        advice="Test again on a better line or at another hour, and name what shows the line's own loss: --line URL",
    ),
    "undecidable.no_network": Reason(
        words="Nothing at all is answered: it is the line, or this machine's own network.",
        advice="Run raabta probe to see what is wrong with the line.",
    ),
    "undecidable.no_address": Reason(
        words="The name of the end point or of the twin has no address here.",
        advice="Give the address itself, or run raabta probe on the name.",
    ),
    "undecidable.not_sure": Reason(
        words="What was seen fits several explanations.", advice="Test again; more twins or rounds make it clearer."
    ),
}
