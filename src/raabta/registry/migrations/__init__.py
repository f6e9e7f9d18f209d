"""Alembic's migrations: how older registers become what ``schema`` derives. Run by ``registry.versions.migrate``.

A changed type in ``model`` needs a new file in ``versions`` and its number in ``schema.SCHEMA_VERSION``. Migrations are
written out, not derived: they must do the same in years to come. A test holds the sum of them against the schema.
"""
