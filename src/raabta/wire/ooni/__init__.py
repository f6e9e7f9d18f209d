"""OONI measurement documents: from bytes to a ``Measurement``, losing as little as the bytes allow.

Read in this order: ``streams`` (a byte stream, decompressed, cut into documents) → ``document`` (one document's bytes
to typed parts; the fast way, and field by field where a field is bad) → ``nettests`` (which nettest keeps what where) →
``steps`` (typed parts to observations). ``types`` holds the shapes, ``repair`` what makes broken JSON readable,
``events`` what read and write events tell, ``published`` the table nettest × what is judged.
"""

from raabta.wire.ooni.document import read_measurement
from raabta.wire.ooni.published import NETTESTS, Nettest
from raabta.wire.ooni.streams import Cut, cut_documents, open_stream, split_batches

__all__ = ["NETTESTS", "Cut", "Nettest", "cut_documents", "open_stream", "read_measurement", "split_batches"]
