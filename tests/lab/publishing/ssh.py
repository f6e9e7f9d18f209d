"""OpenSSH's server on this machine, for one user and one key: what a mirror's host runs."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from raabta.pipeline.informing.settings import Mirror

START_S: Final = 20
_PRIVILEGE_FOLDER: Final = Path("/run/sshd")
"""sshd wants it where it is started as root."""


@contextmanager
def serving_ssh(folder: Path) -> Iterator["Host"]:
    """Run sshd on loopback."""
    server = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/bin")
    assert server is not None
    folder.mkdir()
    if os.geteuid() == 0:
        _PRIVILEGE_FOLDER.mkdir(exist_ok=True)
    for name in ("host", "client"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True, timeout=START_S
        )
    port = _free_port()
    (folder / "sshd.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/client.pub\n"
        f"PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
    )
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    with subprocess.Popen(
        [server, "-D", "-e", "-f", folder / "sshd.conf"], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            _wait(process.stderr)
            yield Host(folder, port)
        finally:
            process.terminate()


class Host:
    """A host that is reached by SSH."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port

    def mirror(self, place: Path, *, port: int | None = None) -> Mirror:
        """A mirror in a folder of this host."""
        options = (
            f"-p {port or self._port}",
            f"-o UserKnownHostsFile={self._folder}/known",
            "-o GlobalKnownHostsFile=/dev/null",
            "-F none",
        )
        return Mirror(
            name="far",
            target=f"{getpass.getuser()}@127.0.0.1:{place}",
            key_file=str(self._folder / "client"),
            options=options,
        )


def _wait(told: IO[str]) -> None:
    for line in told:
        if "Server listening" in line:
            return
    message = "sshd ended before it listened"
    raise OSError(message)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
