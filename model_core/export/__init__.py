"""Writing sound files and timelines."""
