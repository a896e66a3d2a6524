"""Learning from a person's own edits: library, training and models. All training is processes."""
