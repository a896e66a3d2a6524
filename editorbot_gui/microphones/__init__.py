"""Several synchronised microphones as one recording: opened, lined up, mixed."""
