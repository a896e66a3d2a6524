"""Named places of the recording: set, named, dragged, listed."""
