"""Bulletins: their templates, their words as plain text, and the check that both languages say the same facts.

- ``wording``: a bulletin as parts with headings, and as plain text
- ``templates``: texts to begin with, filled from the incident in both languages
- ``facts``: what a text states that can be compared: times, dates, numbers, names
- ``comparing``: which of these only one language says
- ``remarks``: what is worth a look although both say the same
- ``hashing``: what an approval is bound to
"""
