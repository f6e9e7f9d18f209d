"""The evidence pack: one signed archive for the engineers of a CDN, an operator or the regulator.

- ``page`` (HTML) and ``printed`` (PDF): the summary, in both languages where there are both
- ``timeline``: every step in UTC and in local time; ``instructions``: how to check and to reproduce it
- ``names``: what a file inside may be called
- ``archive``: files to bytes; ``reading``: bytes to what is wrong with them
"""

from raabta.publish.pack.archive import pack_files, write_archive
from raabta.publish.pack.reading import PackReport, read_pack

__all__ = ["PackReport", "pack_files", "read_pack", "write_archive"]
