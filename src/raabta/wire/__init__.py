"""Bytes to types and back, without sockets. One file (or package) per protocol or document format.

- ``ooni``: OONI measurement documents, every data-format version from 0.2 on
"""
