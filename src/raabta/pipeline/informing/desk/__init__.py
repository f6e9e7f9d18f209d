"""The duty desk's own records: what people report, what authorities are asked, what is drafted, and what it cost.

- ``reports``: "I cannot reach X", taken and acknowledged; what became of one, for who knows its code
- ``grouping``: reports that belong together, and their incident
- ``closing``: the answer to who reported, after which the contact goes
- ``questions``: technical questions to an authority; ``dossier`` writes them out
- ``drafts``: what the association will say in a consultation, in versions
- ``impact``: what an incident cost, only with consent and only in sums
- ``attachments``: files, kept once by their hash; ``inspecting`` looks into them before
"""
