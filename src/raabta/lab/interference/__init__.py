"""Interference, lines and network-level conditions of a scenario, put to work in a country that is built.

Read ``start`` (the one entry) → ``lines`` (what waits where) and ``rules`` (a scenario's rule as the middlebox's) →
``kernel`` (rules that nft, iptables or tc carry out) → ``conditions`` (what is wrong on purpose of nobody) → ``orders``
(what is said to each namespace, and saying it).
"""

from raabta.lab.interference.start import Interfering, start_interference

__all__ = ["Interfering", "start_interference"]
