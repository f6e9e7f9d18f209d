"""An acknowledgement is believed with the gateway's key, as it was signed, and not otherwise."""

import msgspec
import pytest

from raabta.remedy.acknowledgement import Acknowledgement, read_acknowledgement, sign_acknowledgement
from raabta.remedy.canonical import canonical
from raabta.wire.receipt import public_text
from tests.cases.leasing import NOW, key_of

KEY = key_of("gateway")
SAID = sign_acknowledgement(
    Acknowledgement(
        recipient="north",
        serial=7,
        list_hash="0" * 64,
        leases_version=3,
        n_entries=12,
        marker="serial_7",
        applied_at=NOW,
        key="",
    ),
    KEY,
)


def test_what_was_signed_is_read() -> None:
    assert read_acknowledgement(canonical(SAID), key=public_text(KEY), name="ack") == SAID


@pytest.mark.parametrize("key", [public_text(key_of("another")), "no key"])
def test_another_key_is_not_believed(key: str) -> None:
    with pytest.raises(ValueError, match="not signed by the gateway's key"):
        read_acknowledgement(canonical(SAID), key=key, name="ack")


def test_another_serial_is_not_believed() -> None:
    changed = msgspec.structs.replace(SAID, serial=8)
    with pytest.raises(ValueError, match="not signed by the gateway's key"):
        read_acknowledgement(canonical(changed), key=public_text(KEY), name="ack")
