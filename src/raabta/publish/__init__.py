"""Everything to documents that people read. Returns bytes, sends none.

- ``application``, ``counts``: forms for the regulator, the public counts of lists; ``paper``: a printed page
- ``public``: the one gate from an incident file to what everybody may read
- ``bulletin``: templates, the check that both languages say the same facts, plain text of a bulletin
- ``site``: pages; ``feeds``: Atom, RSS, JSON Feed, Statuspage, iCalendar, CAP; ``share``: texts and pictures to pass on
- ``message``: mails, calls to webhooks, chat texts; ``manifest``: the list of all files of the site
- ``pack``: evidence for engineers, written and read
- ``moments``, ``words``, ``bidi``: times with their zone, words in both languages, Latin within Urdu
"""
