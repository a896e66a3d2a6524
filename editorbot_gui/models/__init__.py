"""Models as things that a person owns: which there are, which one is used, and what can be done."""
