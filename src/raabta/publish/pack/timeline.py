"""An incident's timeline as a table: every time in UTC and in local time with its offset."""

import csv
import io

from raabta.model.pack import PackContent
from raabta.publish.moments import iso, local

HEADS = ("utc", "local", "what", "words")
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t")


def timeline_csv(content: PackContent) -> bytes:
    """Write the timeline as CSV (RFC 4180, UTF-8), oldest first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADS)
    for line in content.timeline:
        here = local(line.at, content.site).isoformat(timespec="seconds")
        writer.writerow((iso(line.at), here, line.what, _harmless(line.words)))
    return out.getvalue().encode()


def _harmless(words: str) -> str:
    """Keep a spreadsheet from running what somebody wrote."""
    return f"'{words}" if words.startswith(_RUN_BY_SPREADSHEETS) else words
