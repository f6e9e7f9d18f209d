"""What comes in, before a form looks at it.

- ``guarding``: how large and how slow; ``limits``: how often; ``reading``: what it says
"""
