"""Who is a member, with which end points, on what evidence, in which application: the register's database.

- ``store``: open it, change it, look into it
- ``schema``: tables, derived from the types of ``model``; ``versions`` and ``migrations`` bring older ones up to date
- ``secrets``: the key, sealed fields, keyed hashes of identity numbers
"""

from raabta.registry.secrets import RegisterKey
from raabta.registry.store import Records, Register, open_register

__all__ = ["Records", "Register", "RegisterKey", "open_register"]
