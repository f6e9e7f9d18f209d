"""The durable outbox: what has to be told to whom, and what became of each try.

A bulletin that is published leaves a ``Dispatch`` in the same transaction. It is *expanded* into one ``Delivery`` for
each subscriber whom it concerns, some hundred at a time; the cursor and what was made are one commit. A delivery is
*started* before it is sent and *settled* after. So after a crash only what was started may have arrived or not: just
that is sent again, and says of itself that it may be a repetition.

- ``queue``: waiting deliveries, start and settle; ``outcome``: what a try came to, and when the next one is due
- ``expanding``: from a dispatch to deliveries, and whom a bulletin concerns
- ``counting``: what waits, what failed; ``forgetting``: what was sent long ago
- ``lock``: one sender for a register
"""
