"""Text for people from a round of probing.

- ``summary``: the sentence that comes first, and how the command ends
- ``answers``: a plain answer per target, with its evidence in words
- ``progress``: what is shown while measuring
"""
