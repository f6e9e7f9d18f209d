"""Who is a member, with which end points, on what evidence, in which application: the register's database.

- ``store``: open it, change it, look into it; ``records``: what is done within one transaction
- ``schema``: tables, derived from the types of ``model``; ``versions`` and ``migrations`` bring older ones up to date
- ``engine``: SQLite and PostgreSQL beneath, and their faults in our words
- ``secrets``: the key, sealed fields, keyed hashes of identity numbers; ``deletion``: what is deleted is gone
- ``wellformed``: what a record must look like; ``tabular``: tables as CSV
- ``proofs``, ``claims``: proofs of control and when they end
- ``country`` (data in ``countries``), ``cases``, ``way``, ``reminders``, ``waiting``: applications and their clocks
"""

from raabta.registry.secrets import RegisterKey
from raabta.registry.store import Records, Register, open_register

__all__ = ["Records", "Register", "RegisterKey", "open_register"]
