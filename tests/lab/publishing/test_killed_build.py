"""Publishers that are killed (SIGKILL): every folder always shows a whole signed site, and the next run converges."""

import os
import random
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from raabta.hub.mirrors.bringing import bring
from raabta.hub.mirrors.checking import Checked, Request, check_mirrors
from raabta.hub.mirrors.planning import Load
from raabta.pipeline.informing.settings import Mirror, Publishing
from raabta.pipeline.informing.site.building import build_site
from raabta.registry import Register
from tests.cases.publication import NOW, example_site, example_thread, example_threads
from tests.cases.published import put_threads, with_update
from tests.cases.releases import KEY, all_files
from tests.lab.publishing.ssh import serving_ssh
from tests.registry.specimens import opened

pytestmark = pytest.mark.lab

LONGEST_S = 0.6
"""As long as two builds with their mirrors take: so every step is hit."""
LONGEST_FAR_S = 1.5
"""Likewise, over SSH."""
SETTINGS = Publishing(site=example_site())


def publish(register: Register, site: Path, mirrors: list[Mirror]) -> list[str]:
    """Build, bring, and give what mirrors complained of."""
    with register.look() as records:
        built = build_site(records, SETTINGS, folder=site, key=KEY, now=NOW)
    load = Load(release=built.release, manifest=built.manifest, key=KEY.public, base=site.parent)
    found = bring(load, mirrors, site=site, tell=lambda _: None)
    return [one.failure for one in found if one.failure]


def publish_for_ever(url: str, site: Path, mirrors: list[Mirror], told: int) -> None:
    """In a child: one update after another, each published, until killed."""
    with opened(url) as register:
        while True:
            with register.change() as records:
                sequence = 100 + time.monotonic_ns()
                put_threads(records, [with_update(example_thread("in-vpn20241110"), sequence=sequence, at=NOW)])
            os.write(told, b".")
            publish(register, site, mirrors)


def kill_one(url: str, site: Path, mirrors: list[Mirror], *, after_s: float) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            publish_for_ever(url, site, mirrors, writer)
        finally:
            os._exit(9)
    os.close(writer)
    select.select([reader], [], [], 30)
    time.sleep(after_s)  # the random moment itself: nothing is waited for
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reader)
    assert os.WTERMSIG(status) == signal.SIGKILL


def look_at(places: list[str]) -> list[Checked]:
    return check_mirrors(places, Request(key=KEY.public, draw=b""), now=NOW)


def kill_often(tmp_path: Path, mirrors: list[Mirror], places: list[str], *, n_times: int, longest_s: float) -> None:
    """Kill publishers; after each, every place must show a whole signed build; at the end all must be the same."""
    chance = random.Random("publishers")
    url, site = f"sqlite:///{tmp_path}/register.sqlite", tmp_path / "site"
    with opened(url) as register:
        with register.change() as records:
            put_threads(records, example_threads())
        assert publish(register, site, mirrors) == []
    for _ in range(n_times):
        kill_one(url, site, mirrors, after_s=chance.uniform(0, longest_s))
        looks = look_at(places)
        assert {fault.kind for look in looks for fault in look.faults} <= {"older"}
        assert all(look.manifest for look in looks)
    with opened(url) as register:
        assert publish(register, site, mirrors) == []
    assert [look.faults for look in look_at(places)] == [()] * len(places)
    for place in places:
        assert all_files(Path(place) / "current") == all_files(site / "current")


def test_no_folder_is_ever_half_written_and_mirrors_converge(tmp_path: Path) -> None:
    mirrors = [Mirror(name=name, target=str(tmp_path / name)) for name in ("one", "two")]
    places = [str(tmp_path / "site"), *(mirror.target for mirror in mirrors)]
    kill_often(tmp_path, mirrors, places, n_times=60, longest_s=LONGEST_S)
    for place in places:
        assert not list((Path(place) / "releases").glob(".*"))
        assert len([one for one in (Path(place) / "releases").iterdir() if one.name.isdecimal()]) == 3


def test_a_mirror_by_rsync_is_never_half_written_and_converges(tmp_path: Path, require: Callable[..., None]) -> None:
    require("sshd", "ssh", "ssh-keygen", "rsync")
    with serving_ssh(tmp_path / "ssh") as host:
        far = tmp_path / "far"
        kill_often(tmp_path, [host.mirror(far)], [str(far)], n_times=12, longest_s=LONGEST_FAR_S)
