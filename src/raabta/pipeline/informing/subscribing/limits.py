"""How much may be asked of us, so that nobody's mailbox is filled in our name. Judgement, where no source is named.

Limits over one visitor's network live in memory only (``hub.forms.limits``): the register keeps no visitor's address.
"""

import datetime as dt
from typing import Final

from raabta.model.subscription import Channel

CONFIRM_WITHIN: Final = dt.timedelta(hours=48)
"""How long a link to confirm works."""
ASK_AGAIN_AFTER: Final = dt.timedelta(hours=24)
"""One address gets one request to confirm in this time, however often somebody asks."""
ASKED_OF_MAILBOX_MAX: Final[dict[Channel, int]] = {"email": 1, "webhook": 10, "chat": 1}
"""In the same time, over all "+" variants of a mailbox, or all paths of one host."""
PENDING_MAX: Final = 20_000
"""Addresses that wait for their confirmation: what is asked beyond is put off. A busy day's tenfold."""
FORGET_PENDING_AFTER: Final = dt.timedelta(days=7)
FORGET_ENDED_AFTER: Final = dt.timedelta(days=3)
"""So long the outbox tries to deliver the last message."""
FORGET_AT_ONCE_MAX: Final = 500
"""Rows removed in one transaction, so that no writer waits for long."""
SOFT_BOUNCES_MAX: Final = 3
SOFT_BOUNCES_WITHIN: Final = dt.timedelta(days=14)
BOUNCE_COUNTS_AGAIN_AFTER: Final = dt.timedelta(hours=20)
"""Ten bulletins on one bad day are one failure of a full mailbox, not ten. Under a day, since clocks drift."""
INVITATION_DAYS: Final = 30
INVITATION_DAYS_MAX: Final = 366
