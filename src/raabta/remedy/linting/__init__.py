"""What the rules of lint look at, part by part. The way in is ``remedy.lint``; the rules' words are ``remedy.rules``.

- ``bench``        the tables that rules are held against, prepared once
- ``places``       a prefix as numbers, and what the tables say about it
- ``personal``     what in a text may be a person's, or a key
- ``times``        from when to when
- ``entries``      one entry of a list, one grant of leases
- ``overlap``      entries that spare the same traffic
- ``endpoints``    an end point before it is registered
- ``restrictions`` a protective block
- ``whole``        a list as a whole
- ``hosts``        host names by their form
"""
