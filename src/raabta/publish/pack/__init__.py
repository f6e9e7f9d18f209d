"""The evidence pack: one signed archive for the engineers of a CDN, an operator or the regulator.

- ``page`` (HTML) and ``printed`` (PDF): the summary, in both languages where there are both
- ``timeline``: every step in UTC and in local time; ``instructions``: how to check and to reproduce it
- ``names``: what a file inside may be called
- ``archive``: files to bytes; ``reading``: bytes to what is wrong with them

Nothing is imported here: who checks a pack needs neither the printer nor the page's templates, half a second of them.
"""
