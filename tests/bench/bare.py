"""What the reader is compared with: ``msgspec.json.decode`` of the same documents to plain values, and nothing else.

python -m tests.bench.bare lines|documents FILE
"""

import sys
from pathlib import Path

import msgspec


def decode_lines(file: Path) -> None:
    """Decode a document a line."""
    with file.open("rb") as stream:
        for line in stream:
            msgspec.json.decode(line)


def decode_documents(file: Path) -> None:
    """Decode pretty-printed documents, each beginning with a brace in the first column."""
    data = file.read_bytes()
    start = 0
    while start >= 0:
        end = data.find(b"\n{", start)
        msgspec.json.decode(data[start : end if end >= 0 else len(data)])
        start = end + 1 if end >= 0 else -1


if __name__ == "__main__":
    {"lines": decode_lines, "documents": decode_documents}[sys.argv[1]](Path(sys.argv[2]))
