"""Bytes to types and back, without sockets. One file (or package) per protocol or document format.

- ``ooni``: OONI measurement documents, every data-format version from 0.2 on; what the probe writes, and what it leaves
  out of it (``privacy``)
- ``control``: a control's question and answer
- ``dns``, ``tls``, ``quic``, ``packet``, ``x509``: protocol messages and certificates
"""
