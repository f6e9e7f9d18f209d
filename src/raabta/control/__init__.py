"""The service outside: what does this target look like from here?

Read in this order: ``guard`` (what may be connected to; pure) → ``rate`` (how often a client may ask; pure) →
``identity`` (certificate and keys) → ``settings`` → ``inquiry`` (a question to its answer) with ``reach`` (names and
connections, past the guard) and ``page`` (redirects) → ``desk`` (requests to replies) → ``conversation`` (one
connection) → ``server``. ``about`` is the page for people. The format is in ``wire.control``.
"""

from raabta.control.identity import ControlIdentity, load_identity
from raabta.control.server import serve
from raabta.control.settings import ControlSettings, Deadlines, Limits
from raabta.reference.guard import Guard

__all__ = ["ControlIdentity", "ControlSettings", "Deadlines", "Guard", "Limits", "load_identity", "serve"]
