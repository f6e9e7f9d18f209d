"""The agent against a real kernel: safe loads, crashes, lost tables, undo; and the commands end to end."""

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from raabta.gateway import nft
from raabta.gateway.agent import Agent
from raabta.gateway.applying import apply
from raabta.gateway.checking import compare
from raabta.gateway.running import start, step
from raabta.gateway.state import Load
from raabta.gateway.status import status
from raabta.gateway.undoing import roll_back
from raabta.lab.world.namespaces import enter
from raabta.model.exemption import ExemptionList
from raabta.remedy.acknowledgement import read_acknowledgement
from raabta.remedy.policy import read_marker
from raabta.remedy.repository import ROOT_LIFE
from tests.cases.gating import TABLES, entry, exemptions, gateway, load
from tests.cases.publisher import Publisher, a_list, an_entry
from tests.lab.gateway import routing
from tests.lab.gateway.routing import datagram, in_gateway

OPERATOR = "table ip firewall {\n chain forward {\n type filter hook forward priority 0; policy accept;\n }\n}\n"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _agent(more: str = "") -> Agent:
    return gateway(Path(mkdtemp()), clock=_now, more=more)


def _many(first: int, after: int, *, serial: int, now: dt.datetime) -> ExemptionList:
    return exemptions(tuple(entry(number, now=now) for number in range(first, after)), now=now, serial=serial)


def safe_loads() -> dict[str, Any]:
    nft.load_text(OPERATOR)
    before = nft.nft("list", "ruleset")
    now = _now()
    agent = _agent()
    first = apply(agent, load(_many(0, 100, serial=1, now=now)))
    small = apply(agent, load(_many(0, 110, serial=2, now=now)))
    everybody = (*_many(0, 80, serial=4, now=now).entries, entry(0, now=now, id="x-all", source="0.0.0.0/0"))
    found = {
        "first": (first.state, first.change.n_added if first.change else None),
        "small": (small.state, small.change.n_added if small.change else 0, small.change.n_kept if small.change else 0),
        "rules": small.change.is_new_policy if small.change else None,
        "again": apply(agent, load(_many(0, 110, serial=2, now=now))).state,
        "old": [one.code for one in apply(agent, load(_many(0, 100, serial=1, now=now))).refused],
        "large": [one.code for one in apply(agent, load(_many(0, 80, serial=3, now=now))).refused],
        "large meant": apply(agent, load(_many(0, 80, serial=3, now=now)), override=True).state,
        "everybody": [one.code for one in apply(agent, load(exemptions(everybody, now=now, serial=4))).refused],
        "differences": compare(agent).wrong,
        "status": (status(agent).state, status(agent).serial, status(agent).n_entries),
    }
    nft.remove_table()
    return found | {"operator's": nft.nft("list", "ruleset") == before}


def test_loads_add_what_changed_and_refuse_what_is_old_or_large(lab: Any, require: Any) -> None:
    require("nft")
    assert lab.call(safe_loads) == {
        "first": ["applied", 100],
        "small": ["applied", 10, 100],
        "rules": False,
        "again": "unchanged",
        "old": ["serial.older"],
        "large": ["change.large"],
        "large meant": "applied",
        "everybody": ["list.rules"],
        "differences": [],
        "status": ["loaded", 3, 80],
        "operator's": True,
    }


def lost_and_foreign() -> dict[str, Any]:
    now = _now()
    agent = _agent()
    apply(agent, load(_many(0, 20, serial=1, now=now)))
    found: dict[str, Any] = {}
    nft.nft("flush", "ruleset")
    found["flushed"] = status(agent).state
    turn = step(agent, start(agent))
    found["again"] = (turn.outcome.state if turn.outcome else None, status(agent).state, compare(agent).wrong)
    nft.nft("delete", "rule", "inet", "raabta", "stop", "handle", _handle("stop"))
    found["rule gone"] = (status(agent).state, compare(agent).wrong)
    step(agent, start(agent))
    found["repaired"] = (status(agent).state, compare(agent).wrong)
    nft.nft("flush", "set", "inet", "raabta", "spared_4_s32_d32_port")
    found["elements gone"] = compare(agent).wrong
    turn = step(agent, start(agent))
    found["filled"] = compare(agent).wrong
    found["told"] = [words for words in turn.told if "pull failed" not in words]
    return found


def _handle(chain: str) -> str:
    listed = json.loads(nft.nft("-j", "-a", "list", "chain", "inet", "raabta", chain))["nftables"]
    return str(next(item["rule"]["handle"] for item in listed if "rule" in item))


def test_a_table_that_others_flushed_or_changed_is_noticed_and_made_anew(lab: Any, require: Any) -> None:
    require("nft")
    assert lab.call(lost_and_foreign) == {
        "flushed": "lost",
        "again": ["applied", "loaded", []],
        "rule gone": ["foreign", ["its rules are not those that the agent loaded"]],
        "repaired": ["loaded", []],
        "elements gone": ["set spared_4_s32_d32_port: 20 elements missing"],
        "filled": [],
        "told": [
            "the kernel's table was changed: set spared_4_s32_d32_port: 20 elements missing",
            "loaded list 1: 20 elements came, 0 went",
        ],
    }


def undone() -> dict[str, Any]:
    now = _now()
    agent = _agent()
    apply(agent, load(_many(0, 20, serial=1, now=now)))
    apply(agent, load(_many(0, 22, serial=2, now=now)))
    first = roll_back(agent)
    found: dict[str, Any] = {"back": (first.state, first.serial, compare(agent).wrong)}
    step(agent, start(agent))
    found["stays"] = status(agent).serial
    last = roll_back(agent)
    found["to nothing"] = (last.state, last.serial, nft.marker_names())
    step(agent, start(agent))
    found["stays nothing"] = nft.marker_names()
    return found


def test_an_undo_goes_back_one_list_and_from_the_first_to_no_table(lab: Any, require: Any) -> None:
    require("nft")
    assert lab.call(undone) == {
        "back": ["applied", 1, []],
        "stays": 1,
        "to nothing": ["applied", None, None],
        "stays nothing": None,
    }


def begun() -> list[int]:
    now = _now()
    clock = [now]
    agent = gateway(Path(mkdtemp()), clock=lambda: clock[0])
    later = entry(2, now=now, not_before=now + dt.timedelta(seconds=30))
    apply(agent, load(exemptions((entry(1, now=now), later), now=now)))
    n_elements = [compare(agent).n_elements]
    due = step(agent, start(agent)).due
    clock[0] += dt.timedelta(seconds=31)
    step(agent, due)
    return [*n_elements, compare(agent).n_elements]


def test_an_entry_that_begins_later_is_loaded_when_it_begins_also_without_a_pull(lab: Any, require: Any) -> None:
    require("nft")
    assert lab.call(begun) == [1, 2]


def untracked() -> dict[str, Any]:
    now = _now()
    agent = _agent("[policy]\nnotrack = true\n")
    listed = load(_many(0, 5, serial=1, now=now))
    found: dict[str, Any] = {"alone": apply(agent, listed).state}
    found["rule"] = "notrack" in nft.nft("list", "chain", "inet", "raabta", "spare").decode()
    nft.nft("add", "table", "ip", "translating")
    nft.nft("add", "chain", "ip", "translating", "out", "{ type nat hook postrouting priority 100; }")
    found["translating"] = [one.code for one in apply(agent, listed).refused]
    nft.nft("delete", "table", "ip", "translating")
    nft.load_text(OPERATOR + "add rule ip firewall forward ct state established accept\n")
    found["stateful"] = [one.code for one in apply(agent, listed).refused]
    return found


def test_packets_are_untracked_only_where_nothing_asks_for_connections(lab: Any, require: Any) -> None:
    require("nft")
    assert lab.call(untracked) == {
        "alone": "applied",
        "rule": True,
        "translating": ["policy.notrack"],
        "stateful": ["policy.notrack"],
    }


# --- crashes --------------------------------------------------------------------------------------------------------


def killed(n_kills: int, seed: int) -> dict[str, Any]:
    """Load two lists in turn, and kill the loading at a random moment; half of the time nft is killed with it."""
    chance = random.Random(seed)
    now = _now()
    agent = _agent()
    lists = {serial: _of_turn(serial, now) for serial in range(1, n_kills + 2)}
    apply(agent, load(lists[1]))
    began = time.monotonic()
    apply(agent, load(lists[2]), override=True)
    longest_s = (time.monotonic() - began) * 2.0  # half of the kills come late: also on a machine that gets slower
    serial, n_old, n_new, wrong = 2, 0, 0, []
    for turn in range(n_kills):
        child = os.fork()
        if child == 0:
            _load_alone(agent, load(lists[serial + 1] if serial + 1 in lists else _of_turn(serial + 1, now)))
        time.sleep(chance.uniform(0, longest_s))
        (os.killpg if turn % 2 else os.kill)(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with agent.store.lock():  # an nft that outlives the agent has the lock
            comparison = compare(gateway(agent.settings.file.parent, clock=_now))
        moved = comparison.serial == serial + 1
        n_new, n_old = n_new + moved, n_old + (comparison.serial == serial)
        wrong += [] if comparison.serial in (serial, serial + 1) else [f"serial {comparison.serial} after {serial}"]
        wrong += [words for words in comparison.wrong if words != "its rules are not those that the agent loaded"]
        serial += moved
    again = apply(agent, load(_of_turn(serial + 1, now)), override=True)
    return {"old": n_old, "new": n_new, "wrong": wrong, "after": (again.state, again.wrong)}


def _of_turn(serial: int, now: dt.datetime) -> ExemptionList:
    """Half of the entries stay from list to list, the others come and go."""
    first = 1000 + 300 * (serial % 2)
    numbers = (*range(300), *range(first, first + 300))
    return exemptions(tuple(entry(number, now=now) for number in numbers), now=now, serial=serial)


def _load_alone(agent: Agent, wanted: Load) -> None:
    os.setpgid(0, 0)
    try:
        apply(agent, wanted, override=True)
    finally:
        os._exit(0)


def test_killed_at_100_random_moments_the_kernel_holds_this_list_or_the_one_before(lab: Any, require: Any) -> None:
    require("nft")
    found = lab.call(killed, 100, 20261122)
    assert found["wrong"] == []
    assert found["old"] + found["new"] == 100
    assert min(found["old"], found["new"]) >= 1, "kills before and after the transaction"
    assert found["after"] == ["applied", []]


# --- loads under traffic --------------------------------------------------------------------------------------------


def streamed() -> dict[str, int]:
    """A counted stream of one entry, while others come and go: not one packet may be treated as not listed."""
    routing.build(inspection="")
    routing.Echo()
    now = _now()
    agent = _agent()
    stays = entry(1, now=now, source="198.18.0.1/32", destination="198.19.0.1/32")
    others = tuple(entry(number, now=now) for number in range(300, 10_300))
    in_gateway(lambda: apply(agent, load(exemptions((stays,), now=now))))
    nft_text = "add table inet judge\nadd chain inet judge look { type filter hook forward priority 0; }\n"
    nft_text += "add counter inet judge missed\n"
    nft_text += "add rule inet judge look udp dport 51820 meta mark & 0x00100000 == 0 counter name missed\n"
    routing.nft("-f", "-", text=nft_text)
    sender = subprocess.Popen([sys.executable, "-c", _SENDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for serial in range(2, 6):
        listed = exemptions((stays, *(others if serial % 2 == 0 else ())), now=now, serial=serial)
        with enter(routing.GATEWAY):
            assert apply(agent, load(listed), override=True).state == "applied"
    said, _ = sender.communicate("stop\n", timeout=60)
    counted = json.loads(routing.nft("-j", "list", "counters", "table", "inet", "judge"))["nftables"]
    missed = next(item["counter"]["packets"] for item in counted if "counter" in item)
    return {"sent": int(said), "missed": missed}


_SENDER = """
import select, socket, sys, time
from raabta.lab.world.namespaces import move_into
move_into("members")
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.bind(("198.18.0.1", 40000))
line.connect(("198.19.0.1", 51820))
n = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    for _ in range(100):
        line.send(bytes(100))
    n += 100
    time.sleep(0.003)  # some 30,000 a second: this machine has other things to do, too
print(n)
"""


def test_no_packet_of_an_unchanged_entry_is_missed_while_others_are_loaded(
    lab: Any, require: Any, as_root: None
) -> None:
    require("nft", "ip")
    found = lab.call(streamed)
    assert found["sent"] > 10_000
    assert found["missed"] == 0


# --- the commands, with a real signed repository --------------------------------------------------------------------


def commanded() -> dict[str, Any]:
    routing.build()
    routing.Echo()
    place = Path(mkdtemp())
    now = _now()
    (place / "tables.toml").write_text(TABLES, "utf-8")
    publisher = Publisher(place / "repository")
    (place / "root.json").write_bytes(publisher.root(expires_at=now + ROOT_LIFE))
    times = {"not_before": now - dt.timedelta(days=1), "not_after": now + dt.timedelta(days=60)}
    member = an_entry(900, source="198.18.0.1/32", destination="198.19.0.1/32", **times)
    others = tuple(an_entry(number, **times) for number in range(1, 10))
    bound = {"made_at": now, "expires_at": now + dt.timedelta(days=20), "grants": ()}
    publisher.publish(a_list(1, member, *others, **bound), now=now)
    found: dict[str, Any] = {}
    key, words = _raabta(
        place, "init", "gw", "--url", publisher.folder.as_uri(), "--recipient", "north", "--root", "root.json",
        "--asn", "64500", "--tables", "tables.toml",
    )  # fmt: skip
    found["advice"] = "meta mark & 0x00100000 != 0 accept" in words
    found["before"] = (datagram("198.18.0.1"), _raabta(place, "status", code=3)[0].splitlines()[0].split(":")[0])
    _raabta(place, "pull")
    found["plan"] = json.loads(_raabta(place, "plan", "--format", "json")[0])["elements_added"]
    found["planned only"] = datagram("198.18.0.1")
    found["apply"] = _raabta(place, "apply")[0]
    found["spared"] = (datagram("198.18.0.1"), datagram("198.18.0.2"))
    found["verify"] = _raabta(place, "verify")[0]
    found["status"] = json.loads(_raabta(place, "status", "--format", "json")[0])["state"]
    said = read_acknowledgement((place / "gw/state/acks/latest.json").read_bytes(), key=key.strip(), name="ack")
    found["acknowledged"] = (said.serial, said.n_entries, read_marker(said.marker) is not None)
    publisher.publish(a_list(2, member, *others[:5], **bound), now=now)
    _raabta(place, "run", "--once", code=3)
    found["waits"] = json.loads(_raabta(place, "status", "--format", "json")[0])["serial"]
    _raabta(place, "apply", "--override")
    found["rolled back"] = _raabta(place, "rollback")[0]
    _raabta(place, "run", "--once")
    found["held"] = json.loads(_raabta(place, "status", "--format", "json")[0])["serial"]
    publisher.publish(a_list(3, member, *others, an_entry(50, **times), **bound), now=now)
    _raabta(place, "run", "--once")
    found["newer"] = json.loads(_raabta(place, "status", "--format", "json")[0])["serial"]
    return found


def _raabta(place: Path, *words: str, code: int = 0) -> tuple[str, str]:
    def act() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _COMMAND, *words],
            capture_output=True,
            text=True,
            cwd=place,
            timeout=60,
            check=False,
            env=os.environ | {"RAABTA_GATEWAY": "gw/gateway.toml"},
        )

    done = in_gateway(act)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


_COMMAND = "from raabta.cli.gateway import app; app()"


def test_an_engineer_loads_a_signed_list_by_commands_and_can_undo_it(lab: Any, require: Any) -> None:
    require("nft", "ip")
    assert lab.call(commanded) == {
        "advice": True,
        "before": [False, "state     nothing"],
        "plan": 10,
        "planned only": False,
        "apply": "applied: the kernel holds list 1\n",
        "spared": [True, False],
        "verify": "the kernel holds list 1: 10 tuples, 0 differences\n",
        "status": "loaded",
        "acknowledged": [1, 10, True],
        "waits": 1,
        "rolled back": "applied: the kernel holds list 1\n",
        "held": 1,
        "newer": 3,
    }
