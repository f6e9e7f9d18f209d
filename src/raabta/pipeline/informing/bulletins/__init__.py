"""Bulletins in and out of the register: written in both languages, checked, approved by a second person, published.

- ``writing``: ``write_bulletin``, ``change_bulletin``, ``withdraw_bulletin``
- ``fields``: what a bulletin must look like before it is kept
- ``checking``: ``check_bulletin``: the facts that only one language says
- ``approving``: ``approve_bulletin``, by somebody who did not write it
- ``publishing``: ``publish_bulletin``: one transaction makes it public
- ``correcting``: ``correct_bulletin``: a new bulletin says what was wrong; the old one stays
- ``filling``: templates, filled from the incident
- ``finding``: bulletins by id, state and thread
"""

from raabta.pipeline.informing.bulletins.approving import approve_bulletin
from raabta.pipeline.informing.bulletins.checking import check_bulletin
from raabta.pipeline.informing.bulletins.correcting import correct_bulletin
from raabta.pipeline.informing.bulletins.publishing import publish_bulletin
from raabta.pipeline.informing.bulletins.writing import Draft, change_bulletin, withdraw_bulletin, write_bulletin

__all__ = [
    "Draft",
    "approve_bulletin",
    "change_bulletin",
    "check_bulletin",
    "correct_bulletin",
    "publish_bulletin",
    "withdraw_bulletin",
    "write_bulletin",
]
