"""Everything to documents that people read. Returns bytes, sends none."""
