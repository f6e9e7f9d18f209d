"""Who is told: people by mail, a program by its webhook, a room of a chat service. Each says so, and some leave."""

import re
from functools import partial
from html import unescape
from typing import Final

from tests.lab.publishing.story.ground import http, post
from tests.lab.publishing.story.story import Story

AYESHA: Final = "ayesha@company.example"
"""English, everything; leaves with one click after the second event."""
BILAL: Final = "bilal@freelance.example"
"""Urdu, VPN only."""
CHAND: Final = "chand@member.example"
"""A member; both languages."""
DANA: Final = "dana@bank.example"
"""Runs FortiOS, and wants advisories only."""
NEVER: Final = "never@asked.example"
"""Somebody else typed this address: it is never confirmed."""
GONE: Final = "gone@moved.example"
"""Its server says one day that there is no such mailbox."""
LOST: Final = "lost@later.example"
"""Its server takes the mail, and sends it back later."""
EVERYBODY: Final = (AYESHA, BILAL, CHAND, DANA, NEVER, GONE, LOST)
_SECRET: Final = re.compile(r"whsec_[A-Za-z0-9+/=]+")


def subscribe(story: Story) -> None:
    """By the form, each with what they want; the desk adds the chat room itself."""
    code = story.raabta("subscribe", "invite", story.ids["member 0"]).first
    asked: dict[str, list[tuple[str, str]]] = {
        AYESHA: [("language", "en")],
        BILAL: [("language", "ur"), ("component", "vpn"), ("l", "ur")],
        CHAND: [("language", "both"), ("invitation", code)],
        DANA: [("language", "en"), ("kind", "advisory"), ("product", "fortios")],
        NEVER: [],
        GONE: [],
        LOST: [],
    }
    forms = [partial(story.fill, "subscribe", ("address", to), *fields) for to, fields in asked.items()]
    answers = dict(zip(asked, story.desk.each(*forms), strict=True))
    story.found["asked"] = {status for status, _ in answers.values()}
    story.found["asked in Urdu"] = answers[BILAL][1]
    story.found["asked again"] = [story.fill("subscribe", ("address", AYESHA))[1], answers[AYESHA][1]]
    inside = (f"{story.ground.hooks.url}/raabta", "https://169.254.169.254/latest/meta-data")
    aimed = [story.fill("subscribe", ("channel", "webhook"), ("address", url))[0] for url in inside]
    story.found["aimed inside"] = aimed
    story.raabta("subscribe", "add", "--channel", "webhook", given=f"{inside[0]}\n")
    story.ids["room"] = story.raabta(
        "subscribe", "add", "--channel", "chat", "--language", "en", given="members-room\n"
    ).first


def confirm(story: Story) -> None:
    """Links are followed: looked at by a scanner first, which changes nothing, then pressed."""
    story.send()
    story.found["before confirming"] = {one.to: one for one in story.mails()}
    links = {one.to: one.links["confirm"] for one in story.mails() if one.to != NEVER}
    story.found["scanned"] = [http.request("GET", link).status for link in links.values()]
    story.told["after scan"] = story.raabta("subscribe", "counts", "--format", "jsonl")
    story.found["pressed"] = {address: post(link, [("page", "1")]) for address, link in links.items()}
    (call,) = story.calls()
    page = post(call["data"]["confirm_url"], [("page", "1")])[1]
    found = _SECRET.search(unescape(page))
    story.ids["secret"] = found[0] if found else ""
    story.told["confirmed all"] = story.raabta("subscribe", "counts", "--format", "jsonl")


def bounce(story: Story, mail_to: str) -> None:
    """A server that took a mail sends it back: a delivery report for the return address, which the desk takes in."""
    returned = story.mails(mail_to)[-1].sender
    report = "\r\n".join([
        "From: MAILER-DAEMON@later.example", f"To: {returned}", "Subject: Undelivered Mail", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "", "--b",
        "Content-Type: text/plain", "", "The mailbox is gone.", "--b", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mx.later.example", "", f"Final-Recipient: rfc822; {mail_to}", "Action: failed",
        "Status: 5.1.1", "", "--b--", "",
    ])  # fmt: skip
    story.told["bounce"] = story.raabta("subscribe", "bounce", given=report)


def leave(story: Story, address: str) -> None:
    """A mail program's one click: the address of List-Unsubscribe, with the body that RFC 8058 asks for."""
    message = story.mails(address)[-1].message
    link = str(message["List-Unsubscribe"]).split(">")[0].strip("<")
    story.found["leave looked at"] = http.request("GET", link).status
    answer = http.request("POST", link, fields={"List-Unsubscribe": "One-Click"}, encode_multipart=False)
    story.found["left"] = answer.status
