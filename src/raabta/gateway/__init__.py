"""The agent that an operator runs: fetch, verify, load, test, acknowledge, undo."""
