"""``raabta subscribe`` and ``raabta publish serve``: what they print, and what they refuse."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from raabta.cli.publish import app as publish
from raabta.cli.subscribe import app
from raabta.model.subscription import Delivery, Subscriber
from raabta.pipeline.informing.tokens import make_token
from raabta.registry import Register, open_register
from raabta.registry.secrets import read_key, write_key
from tests.pipeline.informing.subscribing.test_bounces import report
from tests.registry.specimens import KEY, NOW, ids, organisation

SETTINGS = """
[site]
name_en = "Association"
name_ur = "انجمن"
url = "https://status.example.pk"
country = "pk"
zone = "Asia/Karachi"
[[site.components]]
id = "cdn"
name_en = "CDN"
name_ur = "سی ڈی این"
[[site.products]]
id = "openvpn"
name = "OpenVPN"
[[chat]]
name = "ops"
url_file = "ops.url"
"""

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "desk"
    place.mkdir()
    (place / "publishing.toml").write_text(SETTINGS, encoding="utf-8")
    write_key(place / "register.key", KEY)
    return place


@pytest.fixture
def run(folder: Path) -> Run:
    def run_it(*arguments: str | Path, given: bytes | str | None = None) -> Result:
        env = {"COLUMNS": "80", "RAABTA_REGISTER": str(folder)}
        return CliRunner().invoke(app, [str(item) for item in arguments], input=given, env=env)

    return run_it


def opened(folder: Path) -> Register:
    url = f"sqlite:///{folder / 'register.sqlite'}"
    return open_register(url, key=read_key(folder / "register.key"), now=lambda: NOW, new_id=ids())


def subscribers(folder: Path) -> list[Subscriber]:
    with opened(folder) as register, register.look() as records:
        return list(records.find(Subscriber))


def test_an_address_is_read_from_standard_input_and_its_id_printed(run: Run, folder: Path) -> None:
    done = run("add", "--component", "cdn", "--language", "ur", given="someone@example.pk\n")
    (added,) = subscribers(folder)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{added.id}\n", "waits for its confirmation.\n")
    assert (added.state, added.component_ids, added.language) == ("pending", ("cdn",), "ur")


def test_what_is_wrong_is_said_without_the_address(run: Run, folder: Path) -> None:
    for arguments, given, said in (
        ((), "a,b@example.pk", "address: write an e-mail address"),
        ((), "", "the address is missing"),
        (("--channel", "pigeon"), "a@example.pk", "channel: one of email, webhook, chat."),
        (("--component", "x"), "a@example.pk", "component: one of cdn."),
        (("--invitation", "x"), "a@example.pk", "invitation: this code is not one of ours"),
        (("--channel", "chat"), "others", "Names are ops."),
        (("--channel", "webhook"), "https://10.0.0.1/", "its host is not public"),
    ):
        refused = run("add", *arguments, given=given)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert said in refused.stderr
        assert not given or given not in refused.stderr
    assert subscribers(folder) == []


def test_lists_hold_no_address_and_go_on_page_by_page(run: Run, folder: Path) -> None:
    for number in range(3):
        run("add", "--confirmed", given=f"a{number}@example.pk")
    listed = run("list", "--limit", "2", "--format", "table")
    assert "example.pk" not in listed.stdout
    first_two = [one.id for one in subscribers(folder)][:2]
    assert f"2 of 3 shown. Go on: --after {first_two[-1]}" in listed.stderr
    rest = run("list", "--after", first_two[-1], "--format", "jsonl")
    assert [json.loads(line)["state"] for line in rest.stdout.splitlines()] == ["confirmed"]
    assert run("list", "--state", "pending", "--format", "jsonl").stdout == ""


def test_one_is_shown_by_id_or_address_and_its_secret_never(run: Run, folder: Path) -> None:
    url = "https://hooks.example.pk/a"
    id_ = run("add", "--channel", "webhook", given=url).stdout.strip()
    by_id, by_address = run("show", id_), run("show", "--channel", "webhook", given=url)
    assert by_id.stdout == by_address.stdout
    assert json.loads(by_id.stdout)["address"] == url
    assert subscribers(folder)[0].secret not in by_id.stdout
    assert run("show", "su-nobody").exit_code == 2
    assert run("show", given="nobody@example.pk").exit_code == 2


def test_a_change_leaves_what_is_not_named(run: Run, folder: Path) -> None:
    id_ = run("add", "--component", "cdn", "--kind", "advisory", "--product", "openvpn", given="a@example.pk")
    name = id_.stdout.strip()
    assert run("change", name, "--language", "en").stdout == f"{name}\n"
    (changed,) = subscribers(folder)
    assert (changed.language, changed.kinds, changed.products) == ("en", ("advisory",), ("openvpn",))
    run("change", name, "--all")
    (changed,) = subscribers(folder)
    assert (changed.component_ids, changed.kinds, changed.products) == ((), (), ("openvpn",))
    assert "only a webhook has a secret" in run("change", name, "--new-secret").stderr


def test_a_webhooks_new_secret_is_printed_once(run: Run, folder: Path) -> None:
    id_ = run("add", "--channel", "webhook", given="https://hooks.example.pk/a").stdout.strip()
    printed = run("change", id_, "--new-secret").stdout.strip()
    assert printed == subscribers(folder)[0].secret


def test_leaving_sends_a_last_message_unless_quiet(run: Run, folder: Path) -> None:
    ids_ = [run("add", "--confirmed", given=f"a{number}@example.pk").stdout.strip() for number in range(2)]
    assert run("leave", ids_[0]).stdout == f"{ids_[0]}\n"
    assert run("leave", ids_[1], "--quiet").exit_code == 0
    assert "had ended before" in run("leave", ids_[1]).stderr
    with opened(folder) as register, register.look() as records:
        assert [(one.reason, one.to_id) for one in records.find(Delivery)] == [("goodbye", ids_[0])]
    assert run("forget").stdout == "0\n"


def test_a_members_code_is_made_for_a_member_that_is_there(run: Run, folder: Path) -> None:
    with opened(folder) as register, register.change() as records:
        records.add(organisation())
    code = run("invite", "o-a").stdout.strip()
    assert run("add", "--invitation", code, given="a@example.pk").exit_code == 0
    assert subscribers(folder)[0].member_id == "o-a"
    assert (run("invite", "o-z").exit_code, run("invite", "o-a", "--days", "1000").exit_code) == (2, 2)


def test_a_delivery_report_suspends_and_anything_else_does_not(run: Run, folder: Path) -> None:
    id_ = run("add", "--confirmed", given="a@example.pk").stdout.strip()
    to = f"bounces+{make_token(KEY, 'bounce', id_=id_)}@example.pk"
    assert run("bounce", given=report(to="bounces@example.pk")).exit_code == 2
    assert run("bounce", given=b"Subject: I am away\n\n").exit_code == 3
    assert run("bounce", given=report(to=to)).stdout == f"{id_}\tsuspended\thard\t5.1.1\n"
    assert run("bounce", given=report(to=to)).exit_code == 3
    assert subscribers(folder)[0].state == "suspended"


def test_a_table_goes_out_and_comes_in_again(run: Run, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text(
        "address,channel,language,component_ids,products\n"
        "a@example.pk,,ur,cdn,openvpn\n"
        "https://hooks.example.pk/,webhook,,,\n"
        "A@example.pk,,,,\n"
        "nobody,,,,\n"
        "b@example.pk,,,nothing,\n",
        encoding="utf-8",
    )
    taken = run("import", table)
    assert (taken.exit_code, len(taken.stdout.splitlines())) == (3, 2)
    assert "line 4, column 1 (address): stands in an earlier line" in taken.stderr
    assert "line 5, column 1 (address): write an e-mail address" in taken.stderr
    assert "line 6, column 4 (component_ids): one of cdn." in taken.stderr
    with opened(folder) as register, register.look() as records:
        assert records.count(Delivery, reason="confirm") == 2
    plain, full = run("export"), run("export", "--with-addresses")
    assert "example.pk" not in plain.stdout
    assert "a@example.pk" in full.stdout
    assert "whsec_" not in full.stdout
    table.write_text(full.stdout.replace(",pending,", ",,"), encoding="utf-8")
    again = run("import", "--confirmed", table)
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr.count("known already; nothing changed") == 2


def test_a_table_of_confirmed_ones_sends_nothing_and_refuses_who_left(run: Run, folder: Path) -> None:
    with opened(folder) as register, register.change() as records:
        records.add(organisation())
    table = "address,state,member_id\na@example.pk,confirmed,o-a\nb@example.pk,ended,\nc@example.pk,,o-z\n"
    taken = run("import", "--confirmed", "-", given=table)
    assert taken.exit_code == 3
    assert [(one.state, one.member_id) for one in subscribers(folder)] == [("confirmed", "o-a")]
    with opened(folder) as register, register.look() as records:
        assert records.count(Delivery) == 0


def test_counts_are_by_state_and_of_who_confirmed_by_choice(run: Run) -> None:
    run("add", "--confirmed", "--component", "cdn", "--product", "openvpn", given="a@example.pk")
    run("add", "--confirmed", given="b@example.pk")
    run("add", given="c@example.pk")
    counted = {
        (row["of"], row["name"]): row["n"] for row in map(json.loads, run("counts", "-f", "jsonl").stdout.splitlines())
    }
    assert counted == {
        ("state", "confirmed"): 2,
        ("state", "pending"): 1,
        ("channel", "email"): 2,
        ("language", "both"): 2,
        ("component", "(all)"): 1,
        ("component", "cdn"): 1,
        ("kind", "(all)"): 2,
        ("product", "(none)"): 1,
        ("product", "openvpn"): 1,
        ("member", "no"): 2,
    }
    assert max(map(len, run("counts", "-f", "table").stdout.splitlines())) <= 80


@pytest.mark.parametrize("command", ["add", "list", "show", "change", "leave", "invite", "bounce", "import", "export"])
def test_help_says_which_exit_codes_there_are(run: Run, command: str) -> None:
    shown = run(command, "--help")
    assert (shown.exit_code, "Exit code:" in shown.stdout) == (0, True)


@pytest.mark.parametrize(
    ("place", "code"), [("8080", 2), ("127.0.0.1:x", 2), ("127.0.0.1:99999", 2), (":80", 2), ("taken", 1)]
)
def test_a_place_that_cannot_be_listened_at_is_told(folder: Path, place: str, code: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}" if place == "taken" else place
        refused = CliRunner().invoke(publish, ["serve", "--register", str(folder), "--listen", listen])
    assert (refused.exit_code, "--listen" in refused.stderr) == (code, True)
