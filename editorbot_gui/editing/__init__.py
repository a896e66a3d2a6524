"""Editing by hand: what is aimed at, the commands, and the gestures of the mouse."""
