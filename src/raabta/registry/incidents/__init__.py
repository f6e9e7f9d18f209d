"""Rules of incident files, over records that are given: nothing here reads or writes."""
