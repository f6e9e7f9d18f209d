"""Which tunnels run: interfaces whose keys nobody may ask are named (tests/lab/exemption asks a real one)."""

from pathlib import Path

from raabta.probe.tunnels import Tunnels, find_tunnels


def interface(folder: Path, name: str, *lines: str) -> None:
    (folder / name).mkdir()
    (folder / name / "uevent").write_text("".join(f"{line}\n" for line in (*lines, f"INTERFACE={name}")))


def test_a_wireguard_interface_whose_key_cannot_be_asked_is_unknown(tmp_path: Path) -> None:
    interface(tmp_path, "eth0")
    interface(tmp_path, "wg0", "DEVTYPE=wireguard")
    found = find_tunnels(tool="no-such-program", interfaces=tmp_path)
    assert found == Tunnels(public_keys=frozenset(), unknown=("wg0",))


def test_a_machine_without_interfaces_to_look_at_has_none(tmp_path: Path) -> None:
    assert find_tunnels(tool="no-such-program", interfaces=tmp_path / "nowhere") == Tunnels()
