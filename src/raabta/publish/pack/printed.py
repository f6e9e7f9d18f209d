"""The summary as a PDF: what a desk prints, forwards and files."""

import datetime as dt
from typing import Final

import msgspec

from raabta.model.bulletin import BulletinText
from raabta.model.incident import EVIDENCE_CLASSES
from raabta.model.pack import PackContent
from raabta.publish.moments import iso, local, say_moment
from raabta.publish.pack.instructions import FOLDERS, names_of
from raabta.publish.pack.names import some
from raabta.publish.paper import GREY, Paper, open_paper
from raabta.publish.words import all_words, say


def summary_pdf(content: PackContent) -> bytes:
    """Write the summary; the same content gives the same bytes."""
    letters = msgspec.json.encode(content).decode() + "".join(
        word["ur"] for word in all_words()["part"].values() if content.updates
    )
    title = f"{content.incident.title_en}: evidence"
    with open_paper(title, made_at=content.made_at, letters=letters) as paper:
        _Summary(content, paper).write()
        return paper.output()


_WORDS_MAX: Final = 300
"""Of one line of the timeline; all of it stands in timeline.csv."""
_STATEMENT_MAX: Final = 1000
"""Of a statement, question or answer, likewise: all of it stands in summary.html."""
_LINES_EACH_END: Final = 40
"""Of a long timeline's beginning and end: what a desk reads. All of it stands in timeline.csv."""


class _Summary:
    def __init__(self, content: PackContent, paper: Paper) -> None:
        self._content = content
        self._paper = paper
        self._names = names_of(content.site)

    def write(self) -> None:
        content, paper = self._content, self._paper
        paper.title(content.incident.title_en)
        if content.incident.title_ur:
            paper.line(content.incident.title_ur, right_to_left=True)
        paper.line(f"Evidence pack {content.id} of {content.site.name_en}, for {content.recipient}", colour=GREY)
        paper.line(f"Made {self._moment(content.made_at)}, {iso(content.made_at)}", colour=GREY)
        self._what()
        self._cause()
        self._measured()
        self._asked()
        self._timeline()
        self._published()
        self._withheld()

    def _what(self) -> None:
        incident, paper = self._content.incident, self._paper
        paper.heading("What happened")
        state = say("state", incident.state, language="en")
        paper.field("State", f"{state}, {say('severity', incident.severity, language='en').lower()}")
        paper.field("Kind", say("kind", incident.kind, language="en"))
        paper.field("Began", f"{self._moment(incident.started_at)}, {iso(incident.started_at)}")
        ended = incident.ended_at
        paper.field("Ended", f"{self._moment(ended)}, {iso(ended)}" if ended else "not yet")
        paper.field("Services", self._named(incident.component_ids))
        paper.field("Operators", self._named(incident.operator_ids))
        paper.field("Reports", f"{some(self._content.n_reports)} of members and visitors; never evidence by themselves")

    def _cause(self) -> None:
        content, paper = self._content, self._paper
        paper.heading("Cause, as far as evidence goes")
        if not content.causes:
            paper.line("Cause not established.")
        for cause in content.causes[-1:]:
            share = "" if cause.probability_percent is None else f", probability {cause.probability_percent} %"
            paper.line(f"{EVIDENCE_CLASSES[cause.evidence_class].capitalize()}{share}. {cause.words_en}".strip())
        parties = {party.id: party.name_en for party in content.parties}
        for statement in content.statements:
            who = parties.get(statement.party_id, "A party")
            source = f" ({statement.source})" if statement.source else ""
            paper.line(
                f"{who} stated, {self._moment(statement.at)}{source}: “{_cut(statement.text_en, _STATEMENT_MAX)}”"
            )

    def _measured(self) -> None:
        paper = self._paper
        paper.heading("What was measured")
        for attachment in self._content.attachments:
            paper.line(f"{FOLDERS[attachment.kind]}/{attachment.name}, {attachment.size_bytes:,} bytes")
            paper.line(f"SHA-256 {attachment.sha256}", colour=GREY)
            for fact in attachment.facts:
                paper.line(f"· {fact}")
        if not self._content.attachments:
            paper.line("No measurement is attached.")

    def _asked(self) -> None:
        content, paper = self._content, self._paper
        if content.parties:
            paper.heading("Who was asked")
        for party in content.parties:
            ticket = f"; ticket {party.reference}" if party.reference else ""
            paper.line(", ".join(filter(None, (party.name_en, party.desk))) + ticket)
        if content.questions:
            paper.heading("What we ask")
        for question in content.questions:
            due = f", by {self._moment(question.due_at)}" if question.due_at else ""
            paper.line(f"To {question.asked_of}{due}: {_cut(question.text, _STATEMENT_MAX)}")
            if question.answer:
                paper.line(f"Answer: {_cut(question.answer, _STATEMENT_MAX)}", colour=GREY)
        if content.promises:
            paper.heading("Who promised what")
            rows = [("Until", "Who", "What", "State")]
            for promise in content.promises:
                state = say("promise", promise.state, language="en")
                who = promise.party or content.site.name_en
                rows.append((self._moment(promise.due_at), who, _cut(promise.words), state))
            paper.table(rows, widths=(28, 22, 36, 14))

    def _timeline(self) -> None:
        """Write each step as a line of its own: a table would be slow, and a row cannot be longer than a page."""
        paper, lines = self._paper, self._content.timeline
        paper.heading(f"Timeline (UTC, and local time of {self._content.site.zone})")
        n_left_out = len(lines) - 2 * _LINES_EACH_END
        shown = lines if n_left_out <= 0 else (*lines[:_LINES_EACH_END], *lines[-_LINES_EACH_END:])
        for place, line in enumerate(shown):
            if n_left_out > 0 and place == _LINES_EACH_END:
                paper.line(f"… {n_left_out:,} more in timeline.csv …", colour=GREY)
            here = local(line.at, self._content.site).isoformat(timespec="seconds")
            paper.line(f"{iso(line.at)}   {here}   {_cut(line.words)}")

    def _published(self) -> None:
        if self._content.updates:
            self._paper.heading("What was published")
        for update in self._content.updates:
            self._paper.line(self._moment(update.at), colour=GREY)
            for text in update.texts:
                self._text(text)
            self._paper.gap(2)

    def _text(self, text: BulletinText) -> None:
        is_urdu = text.language == "ur"
        self._paper.line(text.title, right_to_left=is_urdu)
        for part in ("correction", "known", "not_known", "stated", "workaround"):
            words = getattr(text, part)
            if words:
                label = say("part", part, language=text.language)
                self._paper.line(f"{label}: {words}", right_to_left=is_urdu)

    def _withheld(self) -> None:
        self._paper.heading("What is withheld, and why")
        for part in self._content.withheld:
            self._paper.line(f"{some(part.n)} × {part.what}: {part.why}")
        if not self._content.withheld:
            self._paper.line("Nothing.")

    def _moment(self, at: dt.datetime) -> str:
        return say_moment(at, self._content.site, language="en")

    def _named(self, ids: tuple[str, ...]) -> str:
        return ", ".join(self._names.get(id_, id_) for id_ in ids) or "not named"


def _cut(words: str, n_most: int = _WORDS_MAX) -> str:
    return words if len(words) <= n_most else f"{words[:n_most]}… (whole in summary.html)"
