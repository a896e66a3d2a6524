"""What the window shows before a recording is open."""
