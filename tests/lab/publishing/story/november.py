"""10 November 2024: VPNs fail for about six hours. The desk tells it in time, once too late, and once wrongly."""

from functools import partial
from typing import Final

from tests.lab.publishing.story import people
from tests.lab.publishing.story.story import IDENTITY, LETTERS, REPORTED, REPORTER, Story, values

_REPORTS: Final = (
    ("ptcl", "vpn_fails", "the tunnel to our client in Dubai drops", "en"),
    ("ptcl", "vpn_fails", REPORTED, "en"),
    ("ptcl", "no_connection", "وی پی این بالکل نہیں چلتا", "ur"),
    ("ptcl", "vpn_fails", "OpenVPN and WireGuard, both", "en"),
    ("jazz", "vpn_fails", "on the mobile as well", "en"),
)


def hear(story: Story) -> None:
    """Reports by the web form: grouped, and linked to the file that the desk opens."""
    story.clock.set("2024-11-10 14:10")
    answers = []
    for operator, symptom, words, language in _REPORTS:
        fields = [("component", "vpn"), ("operator", operator), ("symptom", symptom), ("words", words), ("l", language)]
        fields += [("contact", REPORTER)] if words == REPORTED else []
        answers.append(story.fill("report", *fields))
    story.found["reports"] = answers
    story.found["report with a number"] = story.fill(
        "report", ("component", "vpn"), ("words", f"my card is {IDENTITY}")
    )
    story.told["grouped"] = story.incident("report", "group", "--format", "jsonl")
    story.told["reports due"] = story.incident("due")
    story.clock.set("2024-11-10 14:30")
    story.ids["november"] = story.incident(
        "open", "VPNs fail across the country", "--title-ur", "ملک بھر میں وی پی این ناکام", "--kind", "vpn",
        "--severity", "critical", "--component", "vpn", "--operator", "ptcl", "--operator", "jazz",
        "--started", "14:00", "--confirmed",
    ).first  # fmt: skip
    groups = [row["id"] for row in story.told["grouped"].rows]
    story.told["linked"] = story.incident("report", "link", "last", *groups)


def warn(story: Story) -> None:
    """The first notice: the second person sees that the languages differ; it is mended, and out within 30 minutes."""
    story.clock.set("2024-11-10 14:40")
    id_ = story.write("november first", "first_notice", "last", "--next", "16:00")
    story.told["differs"] = story.raabta("bulletin", "check", id_, "--format", "jsonl", code=3)
    story.told["not approved"] = story.raabta("bulletin", "approve", id_, by="Ahmed", code=2)
    right = story.raabta("bulletin", "show", id_, "--toml").out.replace("15:00", "14:00")
    story.raabta("bulletin", "change", id_, "--from", "-", given=right)
    story.told["own approval"] = story.raabta("bulletin", "approve", id_, by="  sana ", code=2)
    story.told["not published"] = story.raabta("bulletin", "publish", id_, code=2)
    story.clock.set("2024-11-10 14:50")
    story.publish("november first")
    story.ground.mailbox.rcpt_answers[people.GONE] = "550 5.1.1 No such mailbox"
    story.told["sent with a bounce"] = story.send(code=None)
    story.told["in time again"] = story.incident("due")
    story.build()
    story.pages["November en"] = story.page(f"en/incident/{story.ids['november']}.html")
    story.found["summary in November"] = story.data("api/v2/summary.json")
    story.found["feed in November"] = story.raw("en/feed.atom")


def ask(story: Story) -> None:
    """The authority calls it a glitch; it is asked two questions; the update says so."""
    story.clock.set("2024-11-10 15:30")
    story.incident("party", "add", "last", "regulator", "Telecom regulator", "--name-ur", "ٹیلی کام ریگولیٹر")
    story.incident(
        "statement", "add", "last", "telecom", "VPN services are affected by a technical glitch.",
        "--text-ur", "وی پی این سروسز ایک تکنیکی خرابی سے متاثر ہیں۔", "--source", "https://regulator.example/press/2024-11-10",
    )  # fmt: skip
    letter = story.file("call.txt", f"{LETTERS[1]} that nobody there knows of it.\n")
    story.incident("message", "add", "last", "telecom", "--way", "phone", "--from-them", "--text-file", letter)
    texts = {"trial": "Was this a trial of a block of VPNs?", "ports": "Which ports were filtered?"}
    story.desk.each(*(partial(_question, story, name, text) for name, text in texts.items()))
    story.incident("question", "public", story.ids["trial"])
    story.clock.set("2024-11-10 15:55")
    story.say("november second", "update", "last", "--next", "17:00")
    story.send()


def _question(story: Story, name: str, text: str) -> None:
    words = ("--incident", "last", "--party", "telecom", "--text-file", "-")
    story.ids[name] = story.incident("question", "add", *words, given=text).first
    story.incident("question", "ask", story.ids[name], "--due", "+3d")


def miss(story: Story) -> None:
    """The update of 17:00 is forgotten: the officer is told, then the head, who takes it on."""
    story.clock.set("2024-11-10 17:05")
    story.told["alarm"] = story.incident("due", "--raise", code=3)
    story.told["alarm again"] = story.incident("due", "--raise", code=3)
    story.send()
    story.clock.set("2024-11-10 17:35")
    story.told["escalated"] = story.incident("due", "--raise", code=3)
    story.send()
    story.told["taken on"] = story.incident("acknowledge", story.ids["november"], by="Head of desk")
    story.clock.set("2024-11-10 18:20")
    story.told["no more alarms"] = story.incident("due", "--raise", code=3)
    story.say("november third", "update", "last", "--next", "19:30")
    story.told["calm"] = story.incident("due")


def correct(story: Story) -> None:
    """It began earlier than the first notice said."""
    story.clock.set("2024-11-10 18:40")
    story.incident("change", "last", "--started", "13:40")
    words = ("bulletin", "correct", story.ids["november first"], "--next", "20:30", "--template", "correction")
    story.ids["november correction"] = story.raabta(*words, *values("november correction")).first
    story.publish("november correction")
    story.send()


def finish(story: Story) -> None:
    """After six hours it is over; who reported is answered, and their address forgotten."""
    id_ = story.ids["november"]
    story.clock.set("2024-11-10 20:10")
    story.incident("step", id_, "resolved", "--at", "19:45")
    story.say("november over", "resolved", id_, "--next", "2024-11-14 18:00", "--set", "rounds=6")
    story.told["closed"] = story.incident("report", "close", id_, "--because", "VPNs work again since 19:45.")
    story.send()
    codes = [row["code"] for row in story.incident("report", "list", "--of", id_, "--format", "jsonl").rows]
    story.found["states of reports"] = {code: story.ask_report(code) for code in codes}
    people.bounce(story, people.LOST)
    story.build()


def answer(story: Story) -> None:
    """What follows: an answer of the authority, a draft for its consultation, the report, a notice, an advisory."""
    id_ = story.ids["november"]
    story.clock.set("2024-11-14 11:00")
    story.told["question overdue"] = story.incident("due", code=3)
    story.desk.each(partial(_settle, story), partial(_draft, story))
    story.incident("step", id_, "reviewed")
    named = ("--set", "title_en=Six hours without VPNs", "--set", "title_ur=چھ گھنٹے وی پی این کے بغیر")
    advisory = (
        "advisory", "advisory", "", "--audience", "product_users", "--product", "fortios", "--final",
        "--identifier", "CVE-2024-47575", "--affected", "7.0.0 to 7.0.12", "--fixed", "7.0.13", "--score", "9.8",
    )  # fmt: skip
    story.desk.each(
        partial(story.say, "november report", "report", id_, *named),
        partial(story.say, "members notice", "notice", "", "--audience", "members", "--final"),
        partial(story.say, *advisory),
    )
    story.send()
    story.build()
    people.leave(story, people.AYESHA)


def _settle(story: Story) -> None:
    """Two answers, of which one is a refusal, and the dossier for everybody."""
    answers = (("trial", (), "No. It was a technical glitch."), ("ports", ("--refused",), "This cannot be told."))
    for name, more, text in answers:
        story.incident("question", "answer", story.ids[name], *more, "--text-file", "-", given=text)
    whose = ("--incident", story.ids["november"])
    story.told["dossier"] = story.incident("question", "export", *whose, "--public", "-o", "dossier.md")


def _draft(story: Story) -> None:
    """What the association will say, in two versions."""
    draft = story.incident(
        "draft", "new", "--title", "On the registration of VPNs", "--consultation", "VPN registration 2024",
        "--respond-by", "2024-12-20 17:00", "--incident", story.ids["november"], "--text-file", "-",
        given="1. Register companies.\n2. Exempt tunnels of staff at home.\n",
    ).first  # fmt: skip
    second = "1. Register companies and freelancers alike.\n2. Exempt tunnels of staff at home.\n"
    words = ("--text-file", "-", "--note", "freelancers stand on equal terms")
    story.told["second version"] = story.incident("draft", "version", draft, *words, given=second)
    story.told["diff"] = story.incident("draft", "diff", draft, "1")
    story.incident("draft", "state", draft, "submitted")
