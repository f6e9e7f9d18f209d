"""Chapters at the operator's gateway: the list is loaded, traffic is spared and cut, leases come and go."""

import datetime as dt
import json
import time
from typing import Final

from tests.lab.story import ground
from tests.lab.story.association import publish
from tests.lab.story.ground import GATEWAY, until
from tests.lab.story.servers import OPENVPN_PORT, call, opens_by_tcp, talks
from tests.lab.story.story import WITNESS, Story, answer

LEAST_LEFT_S: Final = 18.0
SLOWNESS: Final = 4.0
"""How long the test line still has when its end is brought forward, at least, and in times of what publishing took:
until then the next list must be loaded."""

_TCP: Final = (f"openvpn+tcp://{ground.CLIENT}:{OPENVPN_PORT}", "--twin", f"openvpn+tcp://{ground.TWIN}:{OPENVPN_PORT}")
_UDP: Final = (f"openvpn://{ground.HEAD}:{OPENVPN_PORT}", "--twin", f"openvpn://{ground.TWIN}:{OPENVPN_PORT}")
_TESTS: Final[dict[str, tuple[object, ...]]] = {
    "office, udp": ("office", *_UDP),
    "freelancer": ("freelancer", *_TCP),
    "neighbour, tcp": ("neighbour", *_TCP),
}
"""Where and what is tested that needs no keys."""


def load(story: Story) -> None:
    """The operator's engineer pulls the list, looks what it would change, and loads it."""
    found = story.found
    story.gateway("pull")
    found["planned"] = json.loads(story.gateway("plan", "--format", "json").out)["elements_added"]
    found["inspected"] = [answer(story.result("inspected")), story.result("inspected here")]
    found["planned only"] = _openings(story)
    found["applied"] = story.gateway("apply").out


def _openings(story: Story) -> dict[str, bool]:
    """Whose WireGuard opening to the company's gateway is answered; each has a key that is known there."""
    whose = ("office", "neighbour", "street", "device")
    over_tcp = {f"{name}, tcp": opens_by_tcp(name, "client") for name in ("freelancer", "neighbour")}
    return over_tcp | {name: story.peers.opens(f"peer_{name}", place=name) for name in whose}


def spare(story: Story) -> None:
    """Listed traffic passes, real tunnels too, and its neighbours' does not; and the tests say so."""
    found, peers = story.found, story.peers
    found["spared"] = _openings(story)
    peers.dial("office", place="office", server="head")
    story.openvpn.dial("freelancer", "client")
    assert until(lambda: talks(call("freelancer", "10.8.1.1")))
    story.lines = {place: call(place, inside) for place, inside in (("office", "10.9.0.1"), ("freelancer", "10.8.1.1"))}
    found["tunnels"] = {place: talks(line) for place, line in story.lines.items()}
    tests = _TESTS | {
        "office": ("office", "peer_office.toml", *WITNESS),
        "neighbour": ("neighbour", story.expect_file("peer_neighbour"), *WITNESS),
    }
    for name, words in tests.items():
        story.beside(f"test of {name}", story.expects, *words)
    story.beside("verified", story.verifies)
    found["own key"] = story.expects("office", story.expect_file("office"), code=2).out


def lease(story: Story) -> None:
    """A device gets a lease, gets another address, and gets another lease."""
    found, peers = story.found, story.peers
    before = peers.opens("peer_device", place="device")
    _ask_and_load(story)
    first = peers.opens("peer_device", place="device")
    ground.move_device()
    moved = peers.opens("peer_device", place="device")
    _ask_and_load(story)
    second = peers.opens("peer_device", place="device")
    ground.use_address(ground.MEMBERS["device"])
    old = peers.opens("peer_device", place="device")
    found["lease"] = {"before": before, "first": first, "moved": moved, "second": second, "old address": old}
    found["others"] = _openings(story)


def _ask_and_load(story: Story) -> None:
    asked = [word for control in story.controls for word in ("--control", control)]
    request = story.raabta(
        "lease", "ask", story.ids["grant"], *asked, "--hours", 1, "--tables", "tables.toml", place="device"
    ).out
    keys = story.folder / "controls.keys"
    keys.write_text("\n".join(control.split()[-1] for control in story.controls), "ascii")
    give = ("lease", "give", "-", "--control-keys", keys, "--tables", "tables.toml")
    story.raabta(*give, given=request)
    story.raabta(
        "list", "refresh", "north", "--repository", "repo", "--online-key", "keys/online-north.key", "--register",
        "register",
    )  # fmt: skip
    story.gateway("pull")
    story.gateway("apply")


def revoke(story: Story) -> None:
    """The freelancer's application is revoked, and the test line's end brought forward: a new list."""
    found, raabta = story.found, story.raabta
    tests = [name for name in story.later if name.startswith("test of ")]
    found["effects"] = {name.removeprefix("test of "): answer(story.result(name)) for name in tests}
    found["verified"] = story.result("verified")
    left_s = max(LEAST_LEFT_S, SLOWNESS * story.publishing_s)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=left_s)
    story.ends_at = soon
    raabta(
        "endpoint",
        "change",
        story.ids["line"],
        "--valid-until",
        f"{soon:%Y-%m-%dT%H:%M:%SZ}",
        "--tables",
        "tables.toml",
    )
    found["before revocation"] = talks(story.lines["freelancer"])
    words = ("case", "step", story.ids["case of freelancer"], "revoked", "--by", "officer-1", "--reason", "member_left")
    raabta(*words)
    found["listed then"] = publish(story, 2)
    story.gateway("pull")
    refused = story.gateway("apply", code=3)
    found["large change"] = "change.large" in refused.err
    found["still"] = talks(story.lines["freelancer"])
    found["applied then"] = story.gateway("apply", "--override").out
    found["cut"] = {place: talks(line) for place, line in story.lines.items()}
    found["revoked"] = _openings(story)
    found["line until its end"] = story.peers.opens("probe", place=GATEWAY)
    found["in time"] = dt.datetime.now(dt.UTC) < soon


def end(story: Story) -> None:
    """The test line's entry ends by itself."""
    found = story.found
    time.sleep(max(0.0, (story.ends_at - dt.datetime.now(dt.UTC)).total_seconds()))  # what is waited for is the clock
    found["ended"] = until(lambda: not story.peers.opens("probe", place=GATEWAY))
