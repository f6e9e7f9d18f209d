"""The story itself, chapter by chapter, with the real command line. ``test_story`` says what must have come of it."""

import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.story import ground
from tests.lab.story.association import apply_for, found_keys, prove, register, sign
from tests.lab.story.engineer import end, lease, load, revoke, spare
from tests.lab.story.servers import serve_control, serve_echo
from tests.lab.story.story import COMPANY_PERSON, FREELANCER, NUMBERS, Found, Story

_MEMBERS = ("company", "freelancer")
_OUTSIDE = ("repo/", "gw/", "rendered/", "list-1/", "list-2/")
"""What an operator or a holder of a key gets to see."""


def tell() -> Found:
    """Tell all of it; gives what was found."""
    ground.build()
    seconds = {}
    chapters = (ready, found_keys, register, prove, apply_for, sign, load, spare, lease, revoke, end, search)
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        story = Story(Path(name))
        for chapter in chapters:
            began = time.monotonic()
            chapter(story)
            seconds[chapter.__name__] = round(time.monotonic() - began, 1)
    sys.stderr.write(f"seconds: {seconds}\n")
    return story.found


# --- before -----------------------------------------------------------------------------------------------------------


def ready(story: Story) -> None:
    """The tunnels' servers, two controls; and a first test before anybody inspects anything."""
    folder = story.folder / "servers"
    for place, transport, inside in (("client", "tcp", "10.8.1.0"), ("head", "udp", "10.8.2.0")):
        for server in (place, "twin"):
            story.openvpn.serve(server, transport=transport, inside=inside)
    for place in ("head", "client", "twin"):
        serve_echo(place)
    story.beside("free", story.expects, "office", story.expect_file("peer_office"))
    story.beside("witness", story.expects, "world", story.expect_file("peer_outside"))
    story.beside("rehearsed", story.raabta, "list", "keys", "rehearse", "hall")
    story.controls = story.desk.each(*(partial(serve_control, folder / f"control-{at}", at) for at in ground.CONTROLS))


# --- privacy --------------------------------------------------------------------------------------------------------


def search(story: Story) -> None:
    """Look for identity numbers in every byte that the story left, and for names in what leaves the house."""
    story.raabta("list", "render", "list-2/exemptions.json", "--all", "rendered", "--tables", "tables.toml")
    story.raabta("org", "export", "--output", "organisations.csv")
    story.raabta("org", "export", "--people", "--output", "people.csv")
    planted = [spelling.encode() for number in NUMBERS for spelling in (number, number.replace("-", ""))]
    names = [text.encode() for text in (COMPANY_PERSON, FREELANCER, "Karobar", *map(story.ids.get, _MEMBERS)) if text]
    files = {
        str(file.relative_to(story.folder)): file.read_bytes() for file in story.folder.rglob("*") if file.is_file()
    }
    outside = {name: raw for name, raw in files.items() if name.startswith(_OUTSIDE)}
    said = "".join(said.out + said.err for said in story.desk.said).encode()
    story.found["searched"] = [len(files) > 100, len(outside) > 20, "register/register.sqlite" in files]
    story.found["files with numbers"] = [name for name, raw in files.items() if any(one in raw for one in planted)]
    story.found["said numbers"] = [one.decode() for one in planted if one in said]
    story.found["outside with names"] = [name for name, raw in outside.items() if any(one in raw for one in names)]
