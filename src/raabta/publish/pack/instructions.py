"""How to check a pack, and how to reproduce what it says: commands that work on the files beside them."""

from typing import Final

from raabta.model.pack import PackContent
from raabta.model.site import Site
from raabta.publish.moments import iso

FOLDERS: Final = {
    "measurement": "measurements",
    "verdict": "verdicts",
    "route": "routes",
    "capture": "captures",
    "document": "documents",
    "picture": "pictures",
}
"""Where an attachment of a kind stands."""


def readme(content: PackContent) -> bytes:
    """Write README.txt: what this is, how to check it."""
    site = content.site
    return f"""\
{content.incident.title_en}
Evidence pack {content.id} of {site.name_en}, made {iso(content.made_at)} for {content.recipient}.

  summary.html, summary.pdf   what happened, what is known and how surely
  timeline.csv, .json         every step, in UTC and in local time ({site.zone})
  measurements/ verdicts/ …   what was measured, and what follows from it
  REPRODUCE.txt               how to see it for yourself
  withheld.json               what is not here, and why
  manifest.json, .minisig     every file's hash, signed

Check it
  raabta pack verify FILE.zip --key KEY
or without Raabta: minisign -Vm manifest.json -P KEY
and compare each file's SHA-256 with the one in manifest.json.

KEY is the line on {site.url}/en/about.html. The key in this archive
(raabta.pub) proves nothing: whoever alters an archive can put in another one.
""".encode()


def reproduce(content: PackContent) -> bytes:
    """Write REPRODUCE.txt: from the files here, and from your own network."""
    named = [attachment for attachment in content.attachments if attachment.kind == "measurement"]
    lines = [
        "How to reproduce it",
        "",
        f"Made with {content.software}. Verdicts are recomputed from the measurements here; each verdict",
        "names the knowledge and the reference data that made it.",
        "",
        "1. From these files",
        "",
        *(f"   raabta diagnose measurements/{attachment.name} --explain" for attachment in named),
        *(() if named else ("   No measurements are attached to this pack.",)),
        "",
        "   They are OONI documents (df-000 and its parts): OONI's own tools read them too.",
        "",
        "2. From your own network",
        "",
        *_probes(content),
        "",
        "   Run it on the affected network and elsewhere, or name a control: --control URL.",
        "",
        "3. What to compare",
        "",
        *_facts(content),
    ]
    return ("\n".join(lines).rstrip() + "\n").encode()


def _probes(content: PackContent) -> list[str]:
    wanted = set(content.incident.component_ids)
    hosts = [host for component in content.site.components if component.id in wanted for host in component.hosts]
    return [f"   raabta probe {host}" for host in dict.fromkeys(hosts)] or ["   raabta probe"]


def _facts(content: PackContent) -> list[str]:
    lines: list[str] = []
    for attachment in content.attachments:
        if attachment.facts:
            lines += [
                f"   {FOLDERS[attachment.kind]}/{attachment.name}",
                *(f"     {fact}" for fact in attachment.facts),
            ]
    return lines or ["   No facts were read from the attached files."]


def names_of(site: Site) -> dict[str, str]:
    """Give the English names of components and operators by their ids."""
    return {one.id: one.name_en for one in site.components} | {one.id: one.name_en for one in site.operators}
