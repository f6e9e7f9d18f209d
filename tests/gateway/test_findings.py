"""Many findings are told in few words."""

from raabta.gateway.findings import each_rule_once
from raabta.model.exemption import LintFinding


def _finding(rule: str, number: int) -> LintFinding:
    return LintFinding(
        rule=rule, subject=f"x-{number}", place="source", words="it is wrong", advice="Mend it.", hard=True
    )


def test_each_rule_is_told_once_with_a_count_and_one_example() -> None:
    found = [_finding("prefix.too_wide", 1), *(_finding("origin.not_recipient", number) for number in range(2, 300))]
    words = each_rule_once(found)
    assert words.startswith("origin.not_recipient, 298 times, such as (x-2, source): it is wrong; ")
    assert "prefix.too_wide (x-1, source): it is wrong." in words
    assert words.count("x-") == 2


def test_where_the_networks_are_not_the_recipients_the_settings_are_named() -> None:
    assert "asns in gateway.toml" in each_rule_once([_finding("origin.not_recipient", 1)])
    assert "gateway.toml" not in each_rule_once([_finding("prefix.too_wide", 1)])
