"""Takes: the edits of a recording that a person chooses between, and the strip that shows them."""
