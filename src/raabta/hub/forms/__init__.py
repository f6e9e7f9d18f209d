"""The desk's host: small pages where people subscribe, confirm, change, leave, and report what they cannot reach.

- ``app``: routes; ``serving``: the server that runs it
- ``asking`` (subscribe), ``links`` (confirm, change, leave), ``reporting``: what each does, with ``host``
- ``incoming``: how large, how slow, how often, and what a request says
- ``register``: the register, from many threads and over a change of its key
- ``pages``: HTML, with words from ``data/words.toml`` and ``templates``; ``shown``: what a form shows as chosen

Only POST changes anything: mail scanners open every link. There are no cookies, so no other site can act in a visitor's
name. No visitor's address is stored or logged.
"""
