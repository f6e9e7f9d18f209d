"""What nft tells, read: as nft 1.0.6 wrote it."""

import json

import pytest

from raabta.gateway import nft
from raabta.remedy.policy import Marker
from raabta.remedy.transaction import Held

MARKER = Marker(serial=3, leases=1, content="0" * 16, policy="a" * 12)
OURS = {"family": "inet", "table": "raabta"}
TOLD = {
    "nftables": [
        {"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "raabta", "handle": 1}},
        {"counter": OURS | {"name": "spared", "handle": 2, "packets": 5, "bytes": 700}},
        {
            "map": OURS
            | {
                "name": "alive_0",
                "type": "nf_proto",
                "handle": 4,
                "map": "verdict",
                "flags": ["timeout"],
                "elem": [[{"elem": {"val": 2, "timeout": 100, "expires": 99}}, {"goto": {"target": "find4"}}]],
            }
        },
        {
            "set": OURS
            | {
                "name": "spared_4_s32_d32_port",
                "type": ["ipv4_addr", "ipv4_addr", "inet_proto", "inet_service"],
                "handle": 5,
                "flags": ["timeout"],
                "elem": [
                    {
                        "elem": {
                            "val": {"concat": ["198.18.0.0", "198.19.0.1", 17, 51820]},
                            "timeout": 100,
                            "expires": 98,
                        }
                    }
                ],
            }
        },
        {"set": OURS | {"name": "block_4_24", "type": "ipv4_addr", "handle": 6, "flags": ["timeout"]}},
        {"chain": OURS | {"name": MARKER.name, "handle": 7}},
        {"chain": OURS | {"name": "stop", "handle": 8}},
        {"rule": OURS | {"chain": "stop", "handle": 9, "expr": [{"counter": "blocked"}]}},
        {"rule": OURS | {"chain": "stop", "handle": 10, "expr": [{"drop": None}]}},
    ]
}


def _read(told: object) -> Held:
    return nft._held(nft._objects(json.dumps(told).encode()))


def test_elements_counters_and_the_lists_name_are_read() -> None:
    found = _read(TOLD)
    assert found.marker == MARKER
    assert found.counters == {"spared": (5, 700)}
    assert found.sets == {
        "alive_0": {"ipv4": 99},
        "spared_4_s32_d32_port": {"198.18.0.0 . 198.19.0.1 . 17 . 51820": 98},
        "block_4_24": {},
    }


def test_handles_elements_and_counts_do_not_change_the_rules_hash_but_a_rule_does() -> None:
    text = json.dumps(TOLD)
    again = json.loads(text.replace('"handle": 10', '"handle": 77').replace("51820", "443").replace("700", "900"))
    other = json.loads(text.replace('{"drop": null}', '{"accept": null}'))
    assert _read(again).rules == _read(TOLD).rules
    assert _read(other).rules != _read(TOLD).rules


def test_an_answer_that_is_no_json_is_told() -> None:
    with pytest.raises(ValueError, match="a build of nft with JSON"):
        nft._objects(b"table inet raabta {}")
