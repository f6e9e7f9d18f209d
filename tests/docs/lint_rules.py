"""Writes the table of docs/lint-rules.md from the rules themselves; a test compares it.

python -m tests.docs.lint_rules
"""

import re
from pathlib import Path
from typing import Final

from raabta.remedy.rules import Rule, load_rules

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "lint-rules.md"
SOURCE: Final = ROOT / "src" / "raabta" / "remedy" / "data" / "rules.toml"
BEGIN: Final = "<!-- rules: made by python -m tests.docs.lint_rules -->\n"
END: Final = "<!-- end of rules -->\n"


def rows() -> str:
    """The rules as tables, one for each part of the file."""
    rules = load_rules()
    lines: list[str] = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        title = re.match(r"# --- (.+?) -+$", line)
        name = re.match(r'\[rule\."(.+)"\]', line)
        if title is not None:
            words = title.group(1)
            lines += ["", f"## {words[0].upper()}{words[1:]}", "", "| rule | | review | what is wrong | what to try |"]
            lines.append("|---|---|---|---|---|")
        elif name is not None:
            lines.append(_row(name.group(1), rules[name.group(1)]))
    return "\n".join(lines).strip() + "\n"


def page_with_rows(text: str) -> str:
    """The page with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{rows()}\n{END}{after}"


def _row(name: str, rule: Rule) -> str:
    cells = [f"`{name}`", "hard" if rule.hard else "told", "yes" if rule.review else "", rule.words, rule.advice]
    filled = [cell.replace("{value}", "…").replace("{detail}", "…").replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(filled)} |".replace("|  |", "| |")


if __name__ == "__main__":
    PAGE.write_text(page_with_rows(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
