"""The agent that an operator runs: fetch, verify, load, test, acknowledge, undo.

Read in this order: ``settings`` (gateway.toml) → ``fetch`` with ``download`` and ``kept`` (what may be believed) →
``nft`` (the kernel, and what was measured of it) → ``state`` (what is kept on disk) → ``agent`` (both together) →
``judging`` (what speaks against a list) → ``applying`` with ``acknowledging`` → ``undoing``, ``checking``, ``status``,
``running``; ``making`` for the first time. The rules themselves are ``remedy.policy``, what goes into them
``remedy.flows``, and from what is there to what is to be ``remedy.transaction``.
"""
