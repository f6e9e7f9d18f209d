"""The site's mirrors: bring a build to each of them, and look at what they serve.

- ``planning``: what a mirror's target is (folder, rsync over SSH, store), and the deadline
- ``folder``, ``rsync``, ``store``: bring a build there; each shows the old build or the new one, and takes up where
  a killed run stopped
- ``bringing``: all mirrors beside each other: a dead one holds up no other
- ``checking``: fetch a mirror by its URL or folder, as a stranger would, and judge it by the signed manifest

Nothing is imported here: a command takes what it needs.
"""
