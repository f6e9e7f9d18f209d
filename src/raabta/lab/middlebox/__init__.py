"""The middlebox: one process that holds, drops, forges and delays the packets of all routers of a country.

Everything but ``process`` is pure: packets and times in, outcomes out, so that tests run on a virtual clock.

Read ``rules`` (what a rule says) → ``outcomes`` (what becomes of a packet) → ``flows`` and ``streams`` (what is
remembered and read of a connection) → ``triggers`` and ``actions`` → ``box`` (one middlebox) → ``line`` (one direction
of a line) → ``path`` (a router: lines before and after its middlebox, and what is due when) → ``netlink`` (NFQUEUE as
bytes) → ``process`` (sockets, clock).
"""

from raabta.lab.middlebox.box import Middlebox
from raabta.lab.middlebox.outcomes import Drop, Inject, Outcome, Pass
from raabta.lab.middlebox.rules import Answer, Rule

__all__ = ["Answer", "Drop", "Inject", "Middlebox", "Outcome", "Pass", "Rule"]
