"""July to September 2024: everything is slow. A cable is named, promises are put off, the cause is long not known."""

from functools import partial
from typing import Final

from tests.lab.publishing.story.story import CONTACTS, IDENTITY, LETTERS, MEMBERS, Story

_ORGANISATIONS: Final = "legal_name,legal_form,country,registration_number,registration_checked_on,domains"
_LOST: Final = (120_000, 90_000, 75_000, 110_000, 65_000)
"""Dollars of orders, by member: none stands out."""


def begin(story: Story) -> None:
    """The desk's register: six members, of whom five agree to sums; and who wants to be told."""
    story.clock.set("2024-07-17 10:00")
    rows = (f"{name},private_limited,pk,00{n}4567,2024-01-15,k{n}.example" for n, name in enumerate(MEMBERS, start=1))
    made = story.raabta("org", "import", "-", given="\n".join((_ORGANISATIONS, *rows, "")))
    story.ids |= {f"member {n}": id_ for n, id_ in enumerate(made.out.split())}
    agree = [("org", "consent", "give", story.ids[f"member {n}"], "statistics", "public") for n in range(len(_LOST))]
    story.desk.each(*(partial(story.raabta, *words) for words in agree))


def open_file(story: Story) -> None:
    """Reports of slow lines; the file is opened, the regulator and the cable's owner are asked."""
    story.clock.set("2024-07-24 10:00")
    story.ids["summer"] = story.incident(
        "open", "The internet is slow across the country", "--title-ur", "ملک بھر میں انٹرنیٹ سست ہے",
        "--kind", "slowdown", "--severity", "major", "--component", "international", "--component", "social",
        "--operator", "ptcl", "--operator", "transworld", "--started", "2024-07-18 09:00",
    ).first  # fmt: skip
    story.told["opened twice"] = story.incident("step", "last", "reviewed", code=2)
    story.told["confirmed"] = story.incident("step", "last", "confirmed")
    contact = f'contact_name = "{CONTACTS[2]}"\nemail = "{CONTACTS[0]}"\nphone = "{CONTACTS[1]}"\n'
    story.incident(
        "party", "add", "last", "cable_operator", "Cable consortium", "--name-ur", "کیبل کنسورشیم",
        "--desk", "NOC", "--reference", "CC-2024-0717", "--contact-file", story.file("contact.toml", contact),
    )  # fmt: skip
    story.ids["regulator"] = story.incident(
        "party", "add", "last", "regulator", "Telecom regulator", "--name-ur", "ٹیلی کام ریگولیٹر"
    ).first
    letter = f"Subject: Slow lines since 18 July\nDear colleagues,\n{LETTERS[0]}.\nPlease tell us what is damaged.\n"
    story.incident("message", "add", "last", "cable", "--text-file", story.file("letter.txt", letter))
    story.told["identity"] = story.incident("note", "last", f"Spoke to {IDENTITY} at the landing station", code=2)


def say_cable(story: Story) -> None:
    """What the regulator states, and what the cable's owner promises, and puts off twice."""
    story.incident(
        "statement", "add", "last", "telecom", "Two submarine cables are damaged. Service will be restored.",
        "--text-ur", "دو زیرِ سمندر کیبلز خراب ہیں۔ سروس بحال کر دی جائے گی۔",
        "--source", "https://regulator.example/press/2024-07-25", "--cause", "damaged submarine cables",
    )  # fmt: skip
    story.ids["repair"] = story.incident(
        "promise", "add", "last", "Repair of both cables", "--words-ur", "دونوں کیبلز کی مرمت",
        "--party", "cable", "--due", "2024-08-01 18:00", "--public",
    ).first  # fmt: skip


def put_off(story: Story, *, due: str, reason: str) -> None:
    """The repair comes later than promised."""
    story.incident("promise", "put-off", story.ids["repair"], "--due", due, "--reason", reason)


def count_losses(story: Story) -> None:
    """What members lost: noted where they agreed, shown where five did."""
    refused = (story.ids["member 5"], "--kind", "orders_lost", "--amount", 40_000, "--currency", "USD")
    story.told["without consent"] = story.incident("impact", "add", "last", *refused, code=2)
    each = [
        partial(
            story.incident, "impact", "add", "last", story.ids[f"member {n}"], "--kind", "orders_lost",
            "--number", n + 1, "--amount", amount, "--currency", "USD",
        )
        for n, amount in enumerate(_LOST)
    ]  # fmt: skip
    moved = ("--kind", "relocation", "--number", 1)
    each += [partial(story.incident, "impact", "add", "last", story.ids[f"member {n}"], *moved) for n in range(2)]
    story.desk.each(*each)
    story.told["losses"] = story.incident("impact", "sum", "last", "--format", "jsonl")


def tell(story: Story) -> None:
    """The first notice in time; then weeks in which the cause is not known, and a promise that moves."""
    story.clock.set("2024-07-24 10:20")
    story.say("summer first", "first_notice", story.ids["summer"], "--next", "2024-08-01 18:00")
    story.send()
    story.told["in time"] = story.incident("due")
    story.clock.set("2024-07-25 12:00")
    say_cable(story)
    story.clock.set("2024-08-01 17:30")
    put_off(story, due="2024-08-15 18:00", reason="The ship could not leave the harbour")
    story.incident("cause", "last", "none")
    story.say("summer second", "update", "last", "--next", "2024-08-16 18:00")
    story.build()
    story.pages["August en"] = story.page(f"en/incident/{story.ids['summer']}.html")
    story.pages["August ur"] = story.page(f"ur/incident/{story.ids['summer']}.html")
    story.clock.set("2024-08-15 17:00")
    put_off(story, due="2024-08-27 18:00", reason="The weather at sea")
    story.say("summer third", "update", "last", "--next", "2024-08-28 18:00")
    story.send()


def find(story: Story) -> None:
    """A promise is broken; what was measured says something of the cause, with its class and probability."""
    story.clock.set("2024-08-28 10:00")
    story.told["broken"] = story.incident("due", code=3)
    story.incident("promise", "settle", story.ids["repair"], "broken")
    refused = ("Traffic takes a way abroad", "--words-ur", "ٹریفک بیرونِ ملک جاتی ہے")
    story.told["no class"] = story.incident("cause", "last", "measured", "--words-en", *refused, code=2)
    story.incident("cause", "last", "measured", "--probability", 55, "--words-en", *refused)
    story.incident("step", "last", "cause_identified")
    story.say("summer cause", "cause_found", "last", "--next", "2024-09-05 18:00")


def end(story: Story) -> None:
    """Over, reviewed; and the report, with what it cost."""
    id_ = story.ids["summer"]
    story.clock.set("2024-09-05 16:00")
    count_losses(story)
    story.incident("step", id_, "resolved")
    story.say("summer over", "resolved", id_, "--next", "2024-09-12 18:00", "--set", "rounds=12")
    story.clock.set("2024-09-12 16:00")
    story.incident("step", id_, "reviewed")
    story.say("summer report", "report", id_)
    story.send()
    story.build()
