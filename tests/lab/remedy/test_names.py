"""The list of 301 names, judged by the command over real sockets: a resolver and a web server of the test's own."""

import asyncio
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tests.cases.kashmir import N_USABLE, TEXT, TRUTH, WORKS, WORLD
from tests.cases.kashmir_network import resolve_at, respond
from tests.lab.conftest import Inside

RESOLVER = "127.0.0.53"
SERVED, DEAD = "127.0.0.2", "127.0.0.3"


def test_the_command_finds_the_126_names_that_work(lab: Inside) -> None:
    found = lab.call(judge_by_the_command)
    broken = {row["place"] for row in found["findings"] if row["hard"]}
    assert found["exit_code"] == 1
    assert f"{N_USABLE} of 301 names are usable as listed." in found["words"]
    # The file's first line is a remark.
    assert broken == {f"line {number}" for number, (_, why) in enumerate(TRUTH, start=2) if why not in WORKS}
    assert found["n_kept"] >= 301 - 15 - 12


def judge_by_the_command() -> dict[str, Any]:
    """Runs inside the lab."""
    from raabta.cli.lists import app

    ready = threading.Event()
    threading.Thread(target=lambda: asyncio.run(_serve(ready)), daemon=True).start()
    assert ready.wait(10)
    with tempfile.TemporaryDirectory() as folder:
        names, kept = Path(folder, "names.txt"), Path(folder, "closure.json")
        names.write_text(TEXT, encoding="utf-8")
        line = ["lint", "--names", str(names), "--measure", "--resolver", RESOLVER, "--closure", str(kept)]
        result = CliRunner().invoke(app, [*line, "--format", "jsonl"])
        n_kept = len(json.loads(kept.read_bytes())["facts"])
    return {
        "exit_code": result.exit_code,
        "words": result.stderr,
        "findings": [json.loads(row) for row in result.stdout.splitlines()],
        "n_kept": n_kept,
    }


class _Resolver(asyncio.DatagramProtocol):
    def connection_made(self, transport: Any) -> None:  # type: ignore[explicit-override]  # Python 3.11 cannot say it
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:  # type: ignore[explicit-override]
        hosts = {name: SERVED if site.status else DEAD for name, site in WORLD.items()}
        self._transport.sendto(resolve_at(data, hosts), addr)


async def _serve(ready: threading.Event) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        host = next(line.partition(": ")[2] for line in request if line.lower().startswith("host:"))
        writer.write(respond(host, request[0].split(" ")[1]))
        await writer.drain()
        writer.close()

    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(_Resolver, local_addr=(RESOLVER, 53))
    server = await asyncio.start_server(answer, SERVED, 80)
    ready.set()
    await server.serve_forever()
