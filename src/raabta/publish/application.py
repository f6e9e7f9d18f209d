"""An application as a printed form (PDF), and as data (JSON).

The form is one to three A4 pages: applicant, focal person, papers, end points, and lines for signatures. The bytes are
the same for the same application: dates inside the file are the application's.
"""

from typing import Final

import msgspec

from raabta.model.application import Application
from raabta.publish import paper
from raabta.publish.paper import GREY, Paper, open_paper

_TO_WRITE: Final = "________________________________"


def application_data(application: Application) -> bytes:
    """The application as JSON (UTF-8), one line a field, for the regulator's own systems."""
    return msgspec.json.format(msgspec.json.encode(application, order="sorted"), indent=2) + b"\n"


def application_pdf(application: Application) -> bytes:
    """The application as a form to print and sign."""
    title = f"{application.title}, case {application.case_id}"
    with open_paper(title, made_at=application.made_at, letters=_letters(application)) as page:
        _Form(application, page).write()
        return page.output()


def unprintable(application: Application) -> str:
    """Letters of the application that no font has, each once; "" where all print."""
    return paper.unprintable(_letters(application))


def _letters(application: Application) -> str:
    return msgspec.json.encode(application).decode()


class _Form:
    """One form under way: a page, and where on it the next line goes."""

    def __init__(self, application: Application, paper: Paper) -> None:
        self._application = application
        self._paper = paper

    def write(self) -> None:
        application = self._application
        self._paper.title(application.title)
        self._paper.line(f"To: {application.regulator}")
        self._paper.line(
            f"Type {application.kind} · case {application.case_id} · {application.made_at.date().isoformat()}"
        )
        self._applicant()
        self._person()
        self._papers()
        self._endpoints()
        self._signatures()

    def _applicant(self) -> None:
        application = self._application
        self._paper.heading("Applicant")
        self._paper.field("Legal name", application.legal_name)
        self._paper.field("Trade name", application.trade_name)
        self._paper.field("Legal form", application.legal_form.replace("_", " "))
        self._paper.field("Registration number", application.registration_number)
        self._paper.field("Tax number", application.tax_number)
        self._paper.field("Export board", application.board_number)
        self._paper.field("Association", application.association_number)
        self._paper.field("Vouched for by", application.sponsor)
        self._paper.field("Your reference", application.reference)

    def _person(self) -> None:
        application = self._application
        self._paper.heading("Focal person")
        self._paper.field("Name", application.focal_name)
        self._paper.field("Role", application.focal_role)
        self._paper.field("E-mail", application.focal_email)
        self._paper.field("Phone", application.focal_phone)
        if application.identity_seen_on is not None:
            kind = application.identity_kind.replace("_", " ") or "paper"
            self._paper.field(
                "Identity", f"{kind}, seen by the association on {application.identity_seen_on.isoformat()}"
            )
        self._paper.field("Identity number", f"{_TO_WRITE}  (by hand)")

    def _papers(self) -> None:
        self._paper.heading("Papers")
        rows = [("Paper", "Seen on", "By, or why not needed")]
        rows += [
            (paper.title, paper.seen_on.isoformat() if paper.seen_on else "", paper.seen_by or paper.waived)
            for paper in self._application.papers
        ]
        self._paper.table(rows, widths=(56, 15, 29))

    def _endpoints(self) -> None:
        self._paper.heading("End points")
        rows = [("Address", "Remote end", "Tunnel", "Operator", "Site and purpose", "Until")]
        rows += [
            (
                row.address or row.addressing,
                row.remote,
                row.tunnel,
                row.operator,
                ": ".join(filter(None, (row.site, row.purpose))),
                row.valid_until.isoformat(),
            )
            for row in self._application.endpoints
        ]
        self._paper.table(rows, widths=(20, 20, 14, 14, 19, 13))

    def _signatures(self) -> None:
        self._paper.gap(8)
        for who in ("Date, signature and stamp of the applicant", "Operator: subscriber and address confirmed"):
            self._paper.line(_TO_WRITE)
            self._paper.line(who, colour=GREY)
            self._paper.gap(5)
