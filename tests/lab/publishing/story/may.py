"""May 2025: sites behind a CDN cannot be reached; the CDN gets evidence, and the desk's own site loses its origin."""

import json
import zipfile
from functools import partial
from pathlib import Path

from raabta.pipeline import example_document
from tests.lab.publishing.story.story import CONTACTS, LETTERS, Story


def open_file(story: Story) -> None:
    """Confirmed at once; the CDN's desk has a ticket, and hopes for a repair within 24–48 hours."""
    story.clock.set("2025-05-19 20:30")
    story.ids["may"] = story.incident(
        "open", "Sites behind Cloudflare cannot be reached",
        "--title-ur", "Cloudflare کے پیچھے چلنے والی سائٹیں نہیں کھل رہیں",
        "--kind", "blocking", "--severity", "critical", "--component", "cloudflare", "--operator", "ptcl",
        "--started", "-15m", "--confirmed",
    ).first  # fmt: skip
    contact = story.file("cdn.toml", f'email = "{CONTACTS[3]}"\n')
    story.ids["cdn"] = story.incident(
        "party", "add", "last", "cdn", "Cloudflare", "--desk", "NOC", "--reference", "TICKET-77120",
        "--contact-file", contact,
    ).first  # fmt: skip
    letter = story.file("to-cdn.txt", f"Subject: No answers\nWe measured resets; {LETTERS[0]}.\n")
    story.incident("message", "add", "last", "cloud", "--way", "portal", "--text-file", letter)
    story.incident(
        "promise", "add", "last", "Repair within 24–48 hours", "--words-ur", "24–48 گھنٹوں میں مرمت",
        "--party", "cloud", "--due", "+48h", "--public",
    )  # fmt: skip
    story.say("may first", "first_notice", "last", "--next", "2025-05-20 10:00")
    story.send()
    story.build()


def prove(story: Story) -> None:
    """What was measured is judged, attached, and packed for the CDN's engineers."""
    story.clock.set("2025-05-20 09:00")
    document = json.loads(example_document()) | {"measurement_start_time": "2025-05-19 15:40:00"}
    measured = story.file("round.jsonl", json.dumps(document) + "\n")
    story.raabta("diagnose", measured, "--format", "jsonl", "--output", "verdicts.jsonl")
    evidence = [
        story.incident("attach", "last", name, "--kind", kind, "--source", "probes of 19 May").first
        for name, kind in (("round.jsonl", "measurement"), ("verdicts.jsonl", "verdict"))
    ]
    cause = ("corroborated", "--probability", 95, *(word for id_ in evidence for word in ("--evidence", id_)))
    words = (
        "--words-en",
        "TLS connections are reset when they name a site",
        "--words-ur",
        "TLS رابطے سائٹ کا نام آتے ہی توڑ دیے جاتے ہیں",
    )
    story.incident("cause", "last", *cause, *words)
    story.incident("step", "last", "cause_identified")
    statement = ("There is no fault on our side.", "--text-ur", "ہماری طرف کوئی خرابی نہیں۔")
    story.incident("statement", "add", "last", "cloud", *statement, "--source", "https://status.cdn.example/1")
    story.say("may cause", "cause_found", "last", "--next", "2025-05-21 12:00")
    story.raabta("incident", "pack", "last", "--for", story.ids["cdn"], "--output", "pack.zip")
    key = story.raabta("publish", "key").first
    folder = story.desk.folder
    story.ids["key"] = key
    story.told["pack"] = story.raabta("pack", "verify", "pack.zip", "--key", key, "--extract", "unpacked")
    story.told["pack, no key"] = story.raabta("pack", "verify", "pack.zip", code=4)
    _alter(folder / "pack.zip", folder / "altered.zip")
    story.told["pack, altered"] = story.raabta("pack", "verify", "altered.zip", "--key", key, code=3)


def _alter(pack: Path, altered: Path) -> None:
    """Copy a pack, with another verdict in it."""
    with zipfile.ZipFile(pack) as whole, zipfile.ZipFile(altered, "w") as made:
        for name in whole.namelist():
            raw = whole.read(name)
            made.writestr(name, raw.replace(b'"blocked"', b'"allowed"') if name.startswith("verdicts/") else raw)


def lose_origin(story: Story) -> None:
    """One mirror is forgotten, the origin dies; the other mirror serves, and a stranger can check it."""
    ground = story.ground
    story.told["half brought"] = story.build("--mirror", "second")
    story.found["on the origin"] = story.page(f"en/incident/{story.ids['may']}.html")
    story.told["frozen"] = story.raabta("publish", "check", "--format", "jsonl", code=3)
    ground.origin.close()
    story.told["origin dead"] = story.raabta("publish", "check", "--format", "jsonl", code=3)
    stranger = ("publish", "check", ground.second_url, "--key", story.ids["key"], "--all", "--format", "jsonl")
    story.told["second alone"] = story.raabta(*stranger)
    story.base = ground.second_url
    story.found["on the mirror"] = story.page(f"en/incident/{story.ids['may']}.html")


def end(story: Story) -> None:
    """Repaired in time, resolved, reviewed; a meeting of members; all mirrors are right again."""
    id_ = story.ids["may"]
    story.clock.set("2025-05-21 11:00")
    story.incident("promise", "settle", _promise(story), "kept")
    story.incident("step", id_, "resolved")
    story.say("may over", "resolved", id_, "--next", "2025-05-28 18:00", "--set", "rounds=12")
    story.clock.set("2025-05-23 09:00")
    late = ("publish", "check", story.ground.third_url, "--key", story.ids["key"], "--format", "jsonl")
    story.told["third alone"] = story.raabta(*late, code=3)
    story.clock.set("2025-05-28 15:00")
    story.incident("step", id_, "reviewed")
    meeting = (
        "meeting", "meeting", "", "--starts", "2025-06-10 15:00", "--ends", "2025-06-10 17:30", "--final",
        "--place", "Karachi, the association's house", "--place-ur", "کراچی، انجمن کا گھر",
    )  # fmt: skip
    story.desk.each(partial(story.say, "may report", "report", id_), partial(story.say, *meeting))
    story.send()
    story.told["all brought"] = story.build()
    places = (story.ground.second_url, story.ground.third_url)
    story.told["all right"] = story.raabta("publish", "check", *places, "--key", story.ids["key"], "--format", "jsonl")
    story.told["nothing due"] = story.incident("due")
    story.told["outbox"] = story.raabta("publish", "outbox", "--format", "jsonl")


def _promise(story: Story) -> str:
    rows = story.incident("promise", "list", story.ids["may"], "--format", "jsonl").rows
    return str(rows[0]["id"])
