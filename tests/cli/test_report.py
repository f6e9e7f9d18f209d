import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import Result

from raabta.cli.report import summary
from raabta.cli.report.explain import signed, weight_bar
from raabta.cli.report.steps import Step
from raabta.cli.report.waterfall import bar
from raabta.cli.report.words import LOCUS_WORDS, LOOKS, percent, plain
from raabta.model import LOCI, MECHANISMS, STATES

Run = Callable[..., Result]

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]")
ODD = "https://a-very-long-name.of-a-site-that-is.measured-from-far-away.and-in-日本語.example/with/a/path?" + "x" * 90


def test_every_state_and_locus_has_words_and_every_state_its_own_sign() -> None:
    assert set(LOOKS) == set(STATES)
    assert set(LOCUS_WORDS) == set(LOCI)
    assert len({look.sign for look in LOOKS.values()}) == len(LOOKS)


def test_the_table_counts_by_network_target_and_state(run: Run, several: Path) -> None:
    lines = run("diagnose", several, "--format", "table").stdout.replace("\xa0", " ").splitlines()
    assert lines[0] == "4 measurements:  ✗ 2 blocked  ✓ 1 ok  ? 1 insufficient"
    assert lines[2].split() == ["network", "target", "blocked", "ok", "insufficient"]
    assert [line.split() for line in lines[3:6]] == [
        ["AS64500", "PK", "meet.example", "1", "1", "·"],
        ["riseupvpn", "·", "·", "1"],
        ["AS64511", "PK", "meet.example", "1", "·", "·"],
    ]


def test_a_line_says_state_probability_target_network_time_and_words_without_ids(run: Run) -> None:
    out = run("diagnose", "--example", "--format", "table").stdout.replace("\xa0", " ")
    line, words = out.splitlines()
    assert line.split() == ["✗", "blocked", "99", "%", "meet.example", "AS64500", "PK", "2026-11-20", "09:14"]
    assert words.strip() == MECHANISMS["tls.reset.sni"].words
    assert "tls.reset" not in out


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
@pytest.mark.parametrize("option", ["--format=table", "--explain"])
def test_no_line_is_wider_than_the_terminal(
    run: Run, document: Callable[..., bytes], several: Path, columns: int, option: str
) -> None:
    given = several.read_bytes() + document(input=ODD) + document(works=True, input=ODD, probe_asn="AS4200000000")
    result = run("diagnose", "-", option, given=given, env={"COLUMNS": str(columns)})
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if cell_len(line) > columns] == []


def test_the_table_keeps_the_first_lines_and_says_how_to_see_all(
    run: Run, document: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "LINES_KEPT", 2)
    out = run("diagnose", "-", "--format", "table", given=document() * 5).stdout
    assert out.count("09:14") == 2
    assert out.splitlines()[-1] == "… and 3 more measurements; to see all: --format csv or --format jsonl"


def test_groups_beyond_the_limit_are_counted_together(
    run: Run, document: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "GROUPS_KEPT", 1)
    given = document() + document(probe_asn="AS64511") + document(probe_asn="AS64510")
    lines = run("diagnose", "-", "--format", "table", given=given).stdout.splitlines()
    assert [line.split()[-1] for line in lines[3:5]] == ["1", "2"]
    assert lines[4].startswith("other networks")


def test_colour_is_there_when_wanted_and_not_otherwise(run: Run, several: Path) -> None:
    arguments = ("diagnose", several, "--format", "table")
    assert COLOUR.search(run(*arguments, env={"FORCE_COLOR": "1"}).stdout)
    assert not COLOUR.search(run(*arguments, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout)
    assert "\x1b" not in run(*arguments).stdout


def test_a_table_in_a_file_has_no_colour(run: Run, several: Path, tmp_path: Path) -> None:
    output = tmp_path / "table.txt"
    run("diagnose", several, "--format", "table", "--output", output, env={"FORCE_COLOR": "1"})
    text = output.read_text(encoding="utf-8")
    assert ("blocked" in text, "\x1b" in text) == (True, False)


@pytest.mark.parametrize("option", ["--format=table", "--explain"])
def test_a_document_cannot_steer_the_terminal(run: Run, document: Callable[..., bytes], option: str) -> None:
    given = document(input="https://a.example/\x1b[2J\x07\u202e", probe_cc="\x1b[31m", test_name="x\x1b[0m[red]")
    out = run("diagnose", "-", option, given=given).stdout
    assert [char for char in out if not char.isprintable() and char not in "\n\xa0"] == []


def test_explain_shows_questions_answers_weights_places_and_steps(run: Run) -> None:
    result = run("diagnose", "--example", "--explain")
    words = " ".join(result.stdout.replace("\xa0", " ").split())
    assert result.exit_code == 0
    expected = (
        "✗ blocked, 99 % likely: encrypted connections are cut when they name this site.",
        "in the network of the operator",
        "Was anything heard between the ClientHello and the failure? silence after hello",
        "test_keys.tls_handshakes[0]",
        "system DNS meet.example 203.0.113.20 +1",
        "TLS 203.0.113.20:443 reset, nothing heard",
        "prior field",
    )
    assert [text for text in expected if text not in words] == []


def test_explain_says_the_reason_where_nothing_can_be_said(run: Run, document: Callable[..., bytes]) -> None:
    words = run("diagnose", "-", "--explain", given=document(test_name="riseupvpn", input=None)).stdout
    assert "? insufficient: its gateways change and fail often" in words.replace("\xa0", " ")


def test_explain_names_lost_fields(run: Run, document: Callable[..., bytes]) -> None:
    assert "lost field" in run("diagnose", "-", "--explain", given=document(probe_cc=7)).stdout


def test_many_steps_alike_do_not_hide_the_odd_one(run: Run, document: Callable[..., bytes]) -> None:
    failures = [*[None] * 99, "connection_refused"]
    connects = [
        {"ip": f"192.0.2.{i}", "port": 443, "status": {"failure": failure}, "t": 0.1}
        for i, failure in enumerate(failures)
    ]
    out = run("diagnose", "-", "--explain", given=document(test_keys={"tcp_connect": connects})).stdout
    assert (out.count("  TCP "), "refused" in out, "… and 95 more" in out) == (5, True, True)


@pytest.mark.parametrize(
    ("begun_s", "ended_s", "drawn"),
    [
        pytest.param(0.0, 5.0, "━━━━━", id="from-the-start"),
        pytest.param(5.0, 10.0, "     ━━━━━", id="to-the-end"),
        pytest.param(10.0, 10.0, "         ━", id="at-least-one-cell"),
        pytest.param(-1e300, -1e300, "━", id="times-that-cannot-be"),
        pytest.param(0.0, None, "", id="no-time"),
    ],
)
def test_bars_stand_where_the_step_was(begun_s: float, ended_s: float | None, drawn: str) -> None:
    step = Step(kind="TCP", place="", result="", failure="ok", begun_s=begun_s, ended_s=ended_s)
    assert bar(step, total_s=10.0, n_cells=10) == drawn


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "<1 %"), (0.004, "<1 %"), (0.5, "50 %"), (0.9999, ">99 %"), (1, ">99 %")]
)
def test_nothing_is_certain(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("decibans", "said", "drawn"),
    [
        (17.3, "+17.3", "            │█████       "),
        (-20.0, "−20.0", "      ██████│            "),
        (0.0, "0.0", f"{'│':^25}"),
    ],
)
def test_weights_are_signed_and_stand_on_their_side(decibans: float, said: str, drawn: str) -> None:
    assert (signed(decibans), weight_bar(decibans).plain) == (said, drawn)


def test_text_of_a_document_is_shown_as_it_is_but_for_what_cannot_be_printed() -> None:
    assert plain("яндекс.рф \x1b[0m") == "яндекс.рф �[0m"
