"""The guide of subscriptions names commands, fields and numbers that there are, and its example runs."""

import re
import shlex
from typing import Any

import pytest
import typer.main
from msgspec import Struct

from raabta.cli.publish import app as publish
from raabta.cli.subscribe import app as subscribe
from raabta.hub.forms.incoming import limits as forms
from raabta.hub.forms.reporting import WORDS_CHARACTERS_MAX, Told
from raabta.pipeline.informing.subscribing import limits
from raabta.pipeline.informing.subscribing.addresses import WEBHOOK_PORTS
from raabta.registry import Register
from tests.cases.subscribing import SETTINGS, counted_bytes
from tests.docs.test_pages import DOCS, text_of
from tests.registry.specimens import NOW, ids, opened

GUIDE = text_of(DOCS / "guides" / "subscriptions.md")
PLAIN = " ".join(GUIDE.split())
LINES = re.findall(r"^raabta (subscribe|publish) (.+)$", GUIDE, re.MULTILINE)


@pytest.mark.parametrize(("group", "line"), LINES)
def test_every_command_of_the_guide_has_the_options_that_stand_there(group: str, line: str) -> None:
    words = shlex.split(line)
    command: Any = typer.main.get_command({"subscribe": subscribe, "publish": publish}[group])
    command = command.commands[words.pop(0)]
    known = {name for item in command.params for name in item.opts}
    assert {word for word in words if word.startswith("--")} - known == set()


def test_every_command_of_the_group_is_in_the_guide() -> None:
    command: Any = typer.main.get_command(subscribe)
    assert set(command.commands) - set(re.findall(r"raabta subscribe (\w+)", GUIDE)) == {"forget"}


def test_the_guide_says_the_numbers_that_hold() -> None:
    assert (limits.CONFIRM_WITHIN.total_seconds(), limits.FORGET_PENDING_AFTER.days) == (48 * 3600, 7)
    assert (limits.FORGET_ENDED_AFTER.days, limits.SOFT_BOUNCES_MAX, limits.SOFT_BOUNCES_WITHIN.days) == (3, 3, 14)
    assert (limits.ASKED_OF_MAILBOX_MAX["email"], limits.ASKED_OF_MAILBOX_MAX["webhook"]) == (1, 10)
    assert (limits.PENDING_MAX, limits.INVITATION_DAYS, sorted(WEBHOOK_PORTS)) == (20_000, 30, [443, 8443])
    per_network, in_all = forms.PER_NETWORK_MAX, forms.IN_ALL_MAX
    assert f"{per_network['subscribe']} requests to subscribe and {per_network['report']} reports" in PLAIN
    assert f"{in_all['subscribe']:,} and {in_all['report']:,} in all" in PLAIN
    assert f"at most {WORDS_CHARACTERS_MAX:,} characters" in PLAIN


def test_the_guide_lists_the_fields_that_a_report_has() -> None:
    listed = GUIDE.partition("`POST /report`")[2].partition("`GET /report/CODE`")[0]
    assert set(re.findall(r"^\| \| `(\w+)`", listed, re.MULTILINE)) == set(Told.__struct_fields__)
    assert issubclass(Told, Struct)


def test_the_example_in_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", GUIDE, re.DOTALL)
    register: Register = opened()
    names = {"register": register, "settings": SETTINGS, "now": NOW, "new_id": ids(), "new_bytes": counted_bytes()}
    exec(code.replace('"cdn"', '"vpn"'), names)
    register.close()
    assert capsys.readouterr().out == "pending waits for its confirmation\n"
