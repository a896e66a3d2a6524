"""The edits list: every change of the edit as a row, to be looked at, heard and decided."""
