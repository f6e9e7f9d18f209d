"""The host's network on the loopback: waiting, refusals, ends, deadlines, the system's resolver."""

import asyncio
import select
import socket
from collections.abc import Callable

import pytest

from raabta.probe import sockets
from raabta.probe.host import HostNetwork
from raabta.probe.watching import EpollWatcher, LoopWatcher, Watcher
from tests.cases.loopback import LOCAL, free_port, is_silent, listening, resets, says

WATCHERS = [LoopWatcher, *([EpollWatcher] if hasattr(select, "epoll") else [])]
Making = Callable[[asyncio.AbstractEventLoop], Watcher]


@pytest.mark.parametrize("making", WATCHERS)
def test_a_wait_ends_when_the_socket_is_ready_and_may_be_repeated(making: Making) -> None:
    async def wait() -> list[bool]:
        watcher = making(asyncio.get_running_loop())
        ours, theirs = socket.socketpair()
        with ours, theirs:
            found = [await watcher.ready(ours.fileno(), to_write=True)]
            for _ in range(2):
                theirs.send(b"x")
                found.append(await watcher.ready(ours.fileno(), to_write=False))
                ours.recv(1)
            watcher.forget(ours.fileno())
            return found

    assert asyncio.run(wait()) == [True] * 3


@pytest.mark.parametrize("making", WATCHERS)
def test_a_wait_ends_at_its_deadline_and_the_next_one_begins_anew(making: Making) -> None:
    async def wait() -> list[bool]:
        loop = asyncio.get_running_loop()
        watcher = making(loop)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            before = loop.time()
            first = await watcher.ready(ours.fileno(), to_write=False, until=before + 0.02)
            assert loop.time() >= before + 0.02
            theirs.send(b"x")
            second = await watcher.ready(ours.fileno(), to_write=False, until=loop.time() + 5)
            watcher.forget(ours.fileno())
            return [first, second]

    assert asyncio.run(wait()) == [False, True]


@pytest.mark.parametrize("making", WATCHERS)
def test_reader_and_writer_of_one_socket_wait_beside_each_other(making: Making) -> None:
    async def wait() -> list[bool]:
        watcher = making(asyncio.get_running_loop())
        ours, theirs = socket.socketpair()

        async def ready(*, to_write: bool) -> bool:
            return await watcher.ready(ours.fileno(), to_write=to_write)

        with ours, theirs:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(ready(to_write=False))
                writing = group.create_task(ready(to_write=True))
                await writing
                theirs.send(b"x")
            watcher.forget(ours.fileno())
            return [reading.result(), writing.result()]

    assert asyncio.run(wait()) == [True, True]


@pytest.mark.parametrize("making", WATCHERS)
def test_a_wait_that_was_given_up_does_not_disturb_the_next_socket_of_that_number(making: Making) -> None:
    async def wait() -> bool:
        loop = asyncio.get_running_loop()
        watcher = making(loop)
        ours, theirs = socket.socketpair()
        number = ours.fileno()
        with theirs:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await watcher.ready(number, to_write=False)
            watcher.forget(number)
            ours.close()
        again, theirs = socket.socketpair()
        with again, theirs:
            ready = await watcher.ready(again.fileno(), to_write=False, until=loop.time() + 0.02)
            watcher.forget(again.fileno())
            return ready

    assert asyncio.run(wait()) is False


def test_a_stream_sends_receives_and_ends() -> None:
    async def talk() -> tuple[bytes, bytes, bool]:
        async with listening(says(b"answer")) as port:
            stream = await HostNetwork().open_tcp(LOCAL, port)
            await stream.send(b"question")
            answer, end = await stream.receive(), await stream.receive()
            known = stream.info().retransmits
            stream.close()
            stream.close()
            return answer, end, known == 0 or known is None

    assert asyncio.run(talk()) == (b"answer", b"", True)


def test_more_than_the_kernel_takes_at_once_is_sent_in_whole() -> None:
    async def talk() -> int:
        n_read = 0

        async def count(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            nonlocal n_read
            while data := await reader.read(65_536):
                n_read += len(data)
                if n_read >= 8_000_000:
                    return

        async with listening(count) as port:
            stream = await HostNetwork().open_tcp(LOCAL, port)
            await stream.send(bytes(8_000_000))
            await stream.receive()
            stream.close()
        return n_read

    assert asyncio.run(talk()) == 8_000_000


def test_refusals_resets_and_silence_are_errors_of_the_system() -> None:
    async def talk() -> None:
        network = HostNetwork()
        with pytest.raises(ConnectionRefusedError):
            await network.open_tcp(LOCAL, free_port())
        async with listening(resets) as port:
            stream = await network.open_tcp(LOCAL, port)
            await stream.send(b"x")
            with pytest.raises(ConnectionResetError):
                await stream.receive()
            stream.close()
        async with listening(is_silent) as port:
            stream = await network.open_tcp(LOCAL, port)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await stream.receive()
            stream.close()

    asyncio.run(talk())


def test_an_unconnected_datagram_socket_hears_anybody_and_closed_ports() -> None:
    async def talk() -> tuple[bytes, str]:
        network = HostNetwork()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
            there.bind((LOCAL, 0))
            datagrams = network.open_udp(LOCAL, there.getsockname()[1], any_sender=True)
            datagrams.send(b"question")
            data, sender = there.recvfrom(100)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto(data + b"!", sender)
            heard = await datagrams.receive_until(network.clock() + 5)
            assert await datagrams.receive_until(network.clock() + 0.01) is None
            datagrams.close()
            datagrams.close()
        assert heard is not None
        return heard

    assert asyncio.run(talk()) == (b"question!", LOCAL)


@pytest.mark.skipif(not hasattr(socket, "SO_BINDTODEVICE"), reason="only Linux has a queue of errors")
@pytest.mark.parametrize("any_sender", [False, True])
def test_a_closed_port_is_an_error_with_its_sender(any_sender: bool) -> None:
    async def talk() -> tuple[int, int, str] | None:
        datagrams = HostNetwork().open_udp(LOCAL, free_port(), any_sender=any_sender)
        datagrams.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            await datagrams.receive()
        icmp = datagrams.icmp()
        datagrams.close()
        return None if icmp is None else (icmp.type, icmp.code, icmp.sender)

    assert asyncio.run(talk()) == (3, 3, LOCAL)


def test_the_system_knows_localhost_and_no_name_that_cannot_be() -> None:
    network = HostNetwork()
    assert asyncio.run(network.resolve("localhost", ipv6=False)) == [LOCAL]
    with pytest.raises(socket.gaierror):
        asyncio.run(network.resolve("x" * 64 + ".example", ipv6=False))


def test_a_network_outlives_a_loop() -> None:
    network = HostNetwork()

    async def once() -> bytes:
        async with listening(says(b"answer")) as port:
            stream = await network.open_tcp(LOCAL, port)
            await stream.send(b"question")
            answer = await stream.receive()
            stream.close()
            return answer

    assert [asyncio.run(once()) for _ in range(2)] == [b"answer"] * 2


@pytest.mark.parametrize("name", ["localhost", "site.example", ""])
def test_a_name_is_never_taken_for_an_address(name: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        sockets.family_of(name)
