"""The servers of the emulated country. What they do wrong, the scenario says; what nobody asked for, they do right.

- ``start``         ``start_servers``: the processes
- ``authority``     certificates: the trusted authority and others
- ``sites``         which target lives where, what is odd about it, who asks (pure)
- ``hosts``         what a machine shows, refuses and answers (pure); ``operator`` the operator's machines
- ``pages``         pages and redirects; ``notices`` what operators show instead (pure)
- ``zone``          every name; ``resolvers`` who answers how; ``message`` DNS on the wire (pure)
- ``doors``         every listening socket (pure); ``sockets`` makes them in their namespaces
- ``serving``       what speaks behind each: ``streams`` (TCP, TLS), ``web`` (h1, h2), ``quic`` (h3, DoQ), ``dns``
- ``interception``  what redirected connections meet
- ``debian``        nginx, caddy, unbound; ``control`` the real control
- ``children``      forked processes; ``chance`` chance that can be repeated
"""

from raabta.lab.servers.authority import Authority, CertificateKind
from raabta.lab.servers.start import Servers, start_servers

__all__ = ["Authority", "CertificateKind", "Servers", "start_servers"]
