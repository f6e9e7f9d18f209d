"""Where incident files, bulletins, subscribers and the site are joined: the register's records in and out.

- ``settings``: publishing.toml
- ``moments``: times as people type them
"""
