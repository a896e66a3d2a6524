"""Edits on their way to other programs and back: the dialogs and the jobs."""
