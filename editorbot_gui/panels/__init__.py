"""Docks and bars of the main window."""
