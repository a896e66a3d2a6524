"""Learning from one's own edits, in the window: the library's pairs, trainings, and models."""
