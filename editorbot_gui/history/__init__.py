"""The steps of the edit, to go back and forth in."""
