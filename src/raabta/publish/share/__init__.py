"""What people pass on in messengers: an update as a short text, and as a picture. Pure.

- ``text``: at most 900 characters, with time, zone, next update and link
- ``picture``: a PNG of 1200 by 630 points
- ``lines``: how wide words are, and where lines break
"""

from raabta.publish.share.picture import share_picture
from raabta.publish.share.text import share_text

__all__ = ["share_picture", "share_text"]
