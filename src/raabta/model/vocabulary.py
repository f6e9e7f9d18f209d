"""Closed vocabularies. The axes never share a value, so that a word says which axis it is on."""

from typing import Final

STATES_OF_THE_WORLD: Final = ("ok", "degraded", "throttled", "blocked", "down")
"""States a cell can be in. Order: from harmless to harmful, then the fault without interference."""

STATES: Final = (*STATES_OF_THE_WORLD, "insufficient")
"""What a verdict can say: a state of the world, or the decision not to say."""

LOCI: Final = ("vantage", "access", "transit", "target", "unknown")
"""Where it happens: own machine or LAN, operator, in between, server or CDN, cannot tell."""

SMALL: Final = 5
"""A count of people or members below this could point at somebody ("the one bank on this operator"), so it is not
shown. Usual in official statistics (from 3 to 10); judgement."""

LAYERS: Final = ("dns", "ip", "tcp", "tls", "http", "quic", "vpn", "path", "outage", "server", "local")
"""First word of a mechanism id."""
