"""Where incident files, bulletins, subscribers and the site are joined: the register's records in and out.

- ``settings``: publishing.toml; ``starting``: the first one; ``moments``: times as people type them
- ``incidents``: the file itself, its clocks and alarms; ``desk``: reports, questions, drafts, impact, attachments
- ``packing``: an evidence pack out of a file
- ``bulletins``: written, checked, approved by a second person, published; ``sharing``: as texts and pictures
- ``site``: pages and feeds to releases with a signed manifest
- ``subscribing``: who is told; ``tokens``: links in mails that only we can make
- ``sending``, ``composing``: deliveries to messages
"""
