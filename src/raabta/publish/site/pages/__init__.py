"""The pages themselves: values in, HTML out.

- ``threads``: the page of an incident, notice, meeting or advisory; ``updates``: one update in it; ``beside``: what
  stands beside the updates (facts, cause, statements, promises, links)
- ``rows``: one line of a list; ``lists``: components, months and history; ``front``: the first pages
- ``fixed``: subscribe, report, about
"""
