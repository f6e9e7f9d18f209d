"""Measures: one step, one observation. Nothing here judges, and nothing here follows, retries or falls back unseen.

Read in this order: ``network`` (the one seam) with ``host`` (this machine's network, by ``sockets``, ``watching`` and
``linux``) → ``settings`` and ``trace`` (what steps are told, what they share) → ``failures`` (errors to df-007) → the
steps: ``dns`` (with ``encrypted_dns``, ``doh``, ``doq``), ``tcp``, ``tls``, ``http``, ``quic`` → ``runner`` (one end
point, step by step, as ``plan`` chooses) → ``contrasts`` (follow-ups, by ``tries`` and ``path``) → ``local`` (the
machine's own network, before anything else). ``signs`` and ``places`` say what is kept of pages and of senders.

Steps return parts of OONI documents (``wire.ooni.writing``). ``pipeline.probing`` puts them together.
"""
