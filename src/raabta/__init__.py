"""Raabta: what is broken on the internet of a country, where, how, and with what evidence.

The tree is the pipeline. Data flows down this list; a package imports only from packages below it in the
layer contract of ``pyproject.toml``, and only ``pipeline`` joins the stages:

- ``model``      the nouns: frozen types, no I/O and no judgement
- ``wire``       bytes to types: measurement documents and protocol messages, no sockets
- ``reference``  what stages are given: networks, special ranges, fingerprints, targets, each with its age
- ``diagnose``   weighs evidence: a measurement becomes a verdict
- ``probe``      measures: one step, one observation
- ``pipeline``   joins the stages, for one document, for gigabytes of them, or for a round of probing
- ``control``    the service outside: what does this target look like from here?
- ``lab``        a country on one machine, in which the truth is known
- ``cli``        one file per command: load, call, save
"""

__version__ = "0.1.0"
