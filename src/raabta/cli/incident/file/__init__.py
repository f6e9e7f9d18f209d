"""What the duty officer does with an incident file. ``choosing`` finds a file by its id or the end of it."""
