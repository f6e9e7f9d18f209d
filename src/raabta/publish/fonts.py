"""The two fonts of printed pages and pictures: Noto Sans and Noto Sans Arabic, which come as packages."""

from pathlib import Path
from typing import Final

import fontpkg_noto_sans
import fontpkg_noto_sans_arabic


def _font_file(root: Path, prefix: str) -> Path:
    """The one upright file of a font package; its name carries the axes."""
    return next(file for file in sorted((root / "files").iterdir()) if file.name.startswith(prefix))


LATIN_FILE: Final = _font_file(fontpkg_noto_sans.ROOT, "NotoSans[")
ARABIC_FILE: Final = _font_file(fontpkg_noto_sans_arabic.ROOT, "NotoSansArabic[")
