"""Renderers: a list in, the bytes of a file out, in the words of each program that loads it.

Read ``sheet`` first (what is in force, and why no text of a list is written as it came), then any of the others; each
has ``render(list, *, now, verified=())``. ``formats`` names them all, with what each holds and what it leaves out,
which also stands at the head of every file that can have comments.
"""
