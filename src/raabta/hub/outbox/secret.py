"""Secrets that the settings name by a file: one line, which only its owner may read."""

import stat
from pathlib import Path
from typing import Final

SECRET_BYTES_MAX: Final = 4096


def read_secret(file: Path) -> str:
    """Read a file with a secret in one line, which only its owner may read.

    Raises:
        ValueError: Others may read it, or it is no such file. The text repeats nothing of it.
    """
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")[:SECRET_BYTES_MAX].strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file}: cannot be read ({type(error).__name__}). It holds one line, for its owner alone."
        raise ValueError(message) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"{file}: others than its owner may read it. Try: chmod 600 {file}"
        raise ValueError(message)
    if not text or "\n" in text:
        message = f"{file}: it must hold one line, and nothing else."
        raise ValueError(message)
    return text
