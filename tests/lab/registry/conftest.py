"""A PostgreSQL server of one's own: Debian's, made by initdb as an ordinary user, on a socket in its own folder."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from raabta.lab.needs import is_root
from tests.lab.conftest import NOBODY, lacking

DEBIAN: Final = Path("/usr/lib/postgresql")
LIMIT_S: Final = 120.0
DATABASES: Final = itertools.count()


class Cluster(NamedTuple):
    """A server that runs: its programs and its folder."""

    programs: Path
    folder: Path

    def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs as the server's user."""
        become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if is_root() else []
        done = subprocess.run(
            [*become, str(self.programs / program), *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the server's owner."""
        return self.run("psql", "-h", str(self.folder), "-U", "owner", "-d", database, "-Atc", statement)

    def dump(self, database: str) -> str:
        """Write a database out in full."""
        return self.run("pg_dump", "-h", str(self.folder), "-U", "owner", database)

    def written(self) -> bytes:
        """Give all bytes that the server has on its disk: tables, write-ahead log, its own log."""
        self.sql("CHECKPOINT")
        return b"".join(file.read_bytes() for file in self.folder.rglob("*") if file.is_file())


class Database(NamedTuple):
    """An empty database, owned by a user who may do nothing else."""

    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        """For ``open_register``."""
        return f"postgresql://clerk@/{self.name}?host={self.cluster.folder}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    programs = max(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
    if programs is None or not (programs / "initdb").exists():
        lacking("postgresql is not installed")
        return
    made = Path(tempfile.mkdtemp(prefix="raabta-pg-"))
    if is_root():
        os.chown(made, NOBODY, NOBODY)
    server = Cluster(programs, made)
    data = str(made / "data")
    try:
        server.run("initdb", "-D", data, "-U", "owner", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories={made} -c log_statement=all"
        server.run("pg_ctl", "-D", data, "-w", "-t", "60", "-l", str(made / "log"), "-o", options, "start")
        try:
            server.sql("CREATE ROLE clerk LOGIN")
            yield server
        finally:
            server.run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(made)


@pytest.fixture
def database(cluster: Cluster, require: Callable[..., None]) -> Database:
    name = f"register{next(DATABASES)}"
    cluster.sql(f"CREATE DATABASE {name} OWNER clerk")
    return Database(cluster, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, require: Callable[..., None]) -> str:
    """A register of either kind that nobody has opened yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/r"
    database: Database = request.getfixturevalue("database")
    return database.url
