"""The public site: small pages in English and Urdu, without scripts, that work as files and load on a bad line. Pure.

- ``paths``: where each page stands; ``view``: what front pages need to know
- ``pages``: what stands on each of them
- ``speech``: words, names, times and what people wrote, as HTML of one language
- ``frame``: what all pages have around them; ``packing``: how long lists are cut into pages of 50 kB
- ``templates``, ``data``: HTML, style and words

Every ``render_…`` gives paths and contents. Only front pages know when they were made: the others have the same bytes
for the same input.
"""

from raabta.publish.site.pages.fixed import render_fixed
from raabta.publish.site.pages.front import render_front
from raabta.publish.site.pages.lists import render_component, render_history, render_month
from raabta.publish.site.pages.threads import render_thread
from raabta.publish.site.view import MonthCount, SiteView, make_view

__all__ = [
    "MonthCount",
    "SiteView",
    "make_view",
    "render_component",
    "render_fixed",
    "render_front",
    "render_history",
    "render_month",
    "render_thread",
]
