"""Finding one's way: palette, keys, history, preferences, and what the status line says."""
