"""From what was published to a folder that any dumb web server may serve, and that a stranger can check.

- ``key``: the key that signs the site, and signed manifests
- ``releases``: folders of builds beside each other, of which ``current`` points to one
- ``reading``: publications from the register, as the renderers want them
- ``state``: what the last build knew, so that the next one looks only at what changed
- ``building``: ``build_site``, which joins them

Nothing is imported here: a command takes what it needs.
"""
