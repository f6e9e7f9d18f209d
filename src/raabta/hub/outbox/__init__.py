"""Sends what the outbox holds: one loop that alone writes to the register, and a few threads that send.

- ``sender``: the loop; ``flights``: what is under way, who is slow, who is down
- ``smtp``, ``webhook``, ``chat``: one carrier for each channel; they never see the register
- ``carriers``: makes them from the settings; ``deadline``: no wait without end
"""
