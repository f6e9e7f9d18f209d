"""``raabta org`` and ``raabta endpoint``: commands over the register, a file for each few.

``opening`` finds and opens the register; every command is ``with opened(register) as found, found.change() as
records: …``, and says on standard output what it made only after the commit. ``fields`` makes a record's fields into
options, ``table`` writes records.

``organisations``, ``people``, ``consents``, ``organisation_tables`` (import and export); ``endpoints``,
``endpoint_tables``. A command of ``org`` or ``endpoint`` that stands in another module is imported here, and gets its
line below.
"""

import typer

from raabta.cli.register import consents, endpoint_tables, endpoints, organisation_tables, organisations, people
from raabta.cli.register.attest import attest
from raabta.cli.register.call_back import call_back, called_back
from raabta.cli.register.proof_list import proofs
from raabta.cli.register.prove import prove_domain, prove_endpoint

__all__ = ["endpoint", "org"]


def _group(words: str) -> typer.Typer:
    return typer.Typer(help=words, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


org = _group("Members: organisations, their focal persons, consents and proofs of domains.")
endpoint = _group("End points of members: tunnels and services, and proofs of their addresses.")
_person = _group("Focal persons; stored encrypted.")
_consent = _group("What a member agrees to: who may get its data, for what.")

# --- commands of org, one line for each -----------------------------------------------------------------------
org.command("add", short_help="Register an organisation or a freelancer.")(organisations.add)
org.command("show", short_help="Show all that is known of one.")(organisations.show)
org.command("list", short_help="List organisations.")(organisations.list_)
org.command("change", short_help="Change fields of one.")(organisations.change)
org.command("delete", short_help="Delete one and all that is its own, for good.")(people.delete)
org.command("scrub", short_help="Give up the room of what was deleted.")(people.scrub)
org.command("import", short_help="Take in a table (CSV).")(organisation_tables.import_)
org.command("export", short_help="Write a table (CSV).")(organisation_tables.export)
_person.command("add", short_help="Add a focal person.")(people.person_add)
_person.command("delete", short_help="Delete one for good.")(people.person_delete)
_consent.command("give", short_help="Write down a consent.")(consents.give)
_consent.command("withdraw", short_help="Withdraw one.")(consents.withdraw)
_consent.command("list", short_help="List a member's consents.")(consents.list_)
org.command("prove", short_help="Prove a domain: what to show, and whether it is shown.")(prove_domain)
org.add_typer(_person, name="person", short_help="Add or delete a focal person.")
org.add_typer(_consent, name="consent", short_help="Give, withdraw or list consents.")

# --- commands of endpoint, one line for each ------------------------------------------------------------------
endpoint.command("add", short_help="Register an end point; rules are applied.")(endpoints.add)
endpoint.command("show", short_help="Show one, with its proofs.")(endpoint_tables.show)
endpoint.command("list", short_help="List end points.")(endpoint_tables.list_)
endpoint.command("change", short_help="Change fields of one.")(endpoints.change)
endpoint.command("end", short_help="End one now.")(endpoints.end)
endpoint.command("import", short_help="Take in a table (CSV).")(endpoint_tables.import_)
endpoint.command("export", short_help="Write a table (CSV).")(endpoint_tables.export)
endpoint.command("call-back", short_help="On the member's side: have two controls sign where it calls from.")(call_back)
endpoint.command("called-back", short_help="Check a member's receipts, and take the address as proved.")(called_back)
endpoint.command("prove", short_help="Prove an address: what to show, and whether it is shown.")(prove_endpoint)
endpoint.command("proofs", short_help="List proofs, and what is due; look again at all that is.")(proofs)
endpoint.command("attest", short_help="On the operator's side: sign whose an address is.")(attest)
