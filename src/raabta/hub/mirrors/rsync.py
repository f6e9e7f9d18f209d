"""A mirror on another machine, by rsync over SSH: sent beside what is shown, then shown by one rename.

``FOLDER/releases/SERIAL`` and the link ``FOLDER/current``, as in the site's own folder. rsync links what did not change
from the shown release on the other side (``--link-dest``), and goes on in what a killed run left. There, only a POSIX
shell and rsync are needed.

Not done: asking for passwords, or taking an unknown host key. Log in once by hand, then it works alone.
"""

import shlex
import subprocess
from typing import Final

from raabta.hub.mirrors.planning import Brought, Deadline, Load, RsyncTarget
from raabta.pipeline.informing.site.owning import MARKER
from raabta.pipeline.informing.site.releases import KEPT

STALL_S: Final = 60
"""rsync gives up where nothing moves for so long."""
_WORDS_MOST: Final = 300
"""Characters of what ssh or rsync complained of, in our own complaint."""

_OWN: Final = """\
set -e
refuse() {{
    echo "$1 over there is none of ours, and builds of a site come and go. Name an empty or a new folder." >&2
    exit 1
}}
own() {{ [ ! -L "$1" ] && [ -f "$1/manifest.json" ] && [ -f "$1/manifest.json.minisig" ]; }}
serials() {{ ls releases | grep '^[0-9][0-9]*$' | sort -n || true; }}
"""
_PREPARE: Final = (
    _OWN
    + """\
mkdir -p {folder}
cd {folder}
if [ ! -e {marker} ]; then
    found=""
    [ ! -d releases ] || found=$(serials)
    for serial in $found; do
        own "releases/$serial" || refuse {folder}"/releases/$serial"
    done
    [ -n "$found" ] || [ -z "$(ls -A | grep -vxF lost+found)" ] || refuse {folder}
    echo 'Builds of a site by Raabta: those in releases/ come and go.' > {marker}
fi
mkdir -p releases
if [ -e current ] || [ -L current ]; then
    shown=$(readlink current || true)
    case "${{shown##*/}}" in ''|*[!0-9]*) refuse {folder}/current ;; esac
fi
for old in releases/.*.part; do
    [ "$old" = releases/.{serial}.part ] || [ ! -d "$old" ] || rm -rf "$old" || true
done
readlink current || true
"""
)
"""A folder is ours when it has our marker. It gets one where it is new or empty, or, being older than markers, where
each release in it is one of ours. Nothing else is touched."""
_SHOW: Final = (
    _OWN
    + """\
cd {folder}
if [ -d releases/.{serial}.part ]; then
    [ ! -e releases/{serial} ] || own releases/{serial} || refuse {folder}/releases/{serial}
    rm -rf releases/{serial}
    mv releases/.{serial}.part releases/{serial}
fi
sync
shown=$(readlink current || true)
[ "${{shown##*/}}" -gt {serial} ] 2>/dev/null && exit 0
[ ! -L .current.new ] || rm -f .current.new
ln -s releases/{serial} .current.new
mv -fT .current.new current 2>/dev/null || mv -fh .current.new current
set --
for one in $(serials); do
    if own "releases/$one"; then set -- "$@" "$one"; fi
done
while [ $# -gt {kept} ]; do
    [ "$1" = {serial} ] || rm -rf "releases/$1"
    shift
done
"""
)
"""``mv -T`` (GNU, BusyBox) and ``mv -h`` (BSD) rename over a link in place of into its folder. What a killed run still
has running over there (``sync`` may take long) must not show its build over a newer one."""


def bring_by_rsync(load: Load, target: RsyncTarget, *, name: str, deadline: Deadline) -> Brought:
    """Bring a build to another machine, and show it there.

    Args:
        load: The build.
        target: Where to.
        name: The mirror's.
        deadline: When to give up.

    Raises:
        OSError: It cannot be reached, refuses, holds other things, or is not done in time. The text has what
            ssh or rsync said.
    """
    serial = load.manifest.serial
    shown = _ask(target, _PREPARE, serial=serial, deadline=deadline).strip()
    last = shown.rpartition("/")[2]
    if last.isdecimal() and int(last) >= serial:
        return Brought(name=name, newer=int(last) if int(last) > serial else 0)
    sent = _run(_rsync(load, target, has_last=last.isdecimal()), deadline=deadline)
    _ask(target, _SHOW, serial=serial, deadline=deadline)
    return Brought(name=name, n_sent=sum(line.startswith("<f") for line in sent.splitlines()))


def _rsync(load: Load, target: RsyncTarget, *, has_last: bool) -> list[str]:
    """Times are compared to the nanosecond: two builds within a second may differ in a file of the same size."""
    command = ["rsync", "--recursive", "--links", "--times", "--perms", "--delete", "--modify-window=-1"]
    command += [f"--timeout={STALL_S}", "--out-format=%i %n", "--rsh", shlex.join(target.ssh)]
    if load.full:
        command.append("--checksum")
    if has_last:
        command.append("--link-dest=../../current/")
    return [*command, f"{load.release}/", f"{target.host}:{target.folder}/releases/.{load.manifest.serial}.part/"]


def _ask(target: RsyncTarget, script: str, *, serial: int, deadline: Deadline) -> str:
    words = script.format(folder=shlex.quote(target.folder), serial=serial, kept=KEPT, marker=MARKER)
    host = target.host.replace("[", "").replace("]", "")  # of IPv6: rsync wants brackets, ssh none
    return _run([*target.ssh, "--", host, words], deadline=deadline)


def _run(command: list[str], *, deadline: Deadline) -> str:
    try:
        done = subprocess.run(  # noqa: S603  names from the settings, of which none begins with "-"
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline.left_s(),
            check=False,
        )
    except FileNotFoundError as error:
        message = f"{command[0]} is not installed here. Try: apt install {command[0].replace('ssh', 'openssh-client')}"
        raise OSError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"{command[0]} did not end within its time. The next run goes on from here"
        raise TimeoutError(message) from error
    if done.returncode:
        said = " ".join(done.stderr.split())[-_WORDS_MOST:] or "nothing"
        message = f"{command[0]} ended with {done.returncode} and said: {said}"
        raise OSError(message)
    return done.stdout
