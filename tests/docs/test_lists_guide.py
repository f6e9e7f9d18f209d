"""The guide to rendered lists says of every format what the code says."""

import re
from pathlib import Path
from typing import Final

from raabta.remedy.render.formats import FORMATS

GUIDE: Final = (Path(__file__).parents[2] / "docs" / "guides" / "lists.md").read_text(encoding="utf-8")


def test_the_table_of_formats_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (yes|no) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", GUIDE, re.MULTILINE)
    assert rows == [(kind, "yes" if form.is_exact else "no", form.holds, form.loses) for kind, form in FORMATS.items()]
