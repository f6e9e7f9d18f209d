"""Who is told: addresses come in, are confirmed by who reads them, change, and leave.

- ``wishes``: what somebody asks for, checked; ``addresses``: the one way of writing an address, and its hash
- ``asking``: somebody asks to be told; ``confirming``: whoever reads the address says yes; ``limits``: how much of it
- ``inviting``: codes that make a subscriber a member's; ``changing``; ``leaving``, and what is forgotten
- ``bounces``: messages that came back
- ``moving``: tables of subscribers in and out

One address is one subscriber on each channel. Nobody is sent a bulletin before they confirmed, and nobody but who holds
a link from a message of ours can confirm, change or end a subscription (``tokens``).
"""
