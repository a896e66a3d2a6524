"""Many recordings one after the other: found, edited in processes of their own, reported."""
