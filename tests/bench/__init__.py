"""Benchmarks: how fast and how right, measured on real data. Run with ``make bench``."""
