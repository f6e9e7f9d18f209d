"""The lab: a country on one machine, with real servers and real interference, in which the truth is known.

Read ``scenario`` (what a scenario file says) → ``world`` (addresses, namespaces, links, the lab's own tables) →
``servers`` and ``middlebox`` with ``interference`` (what answers, and what is done to packets) → ``running`` (all of it
together) → ``vantage`` and ``probing`` (the probe in a client's place) → ``worker`` (carries out orders, in namespaces
of its own) → ``run`` (workers side by side) → ``results`` → ``scoring`` and ``fitting``; ``needs`` says what a machine
lacks.

Nothing outside this package knows that there is a lab: the stages get its tables, resolvers and trust store as they get
those of the internet.
"""
