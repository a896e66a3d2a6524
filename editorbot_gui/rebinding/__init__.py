"""Choosing the keys that commands are called by."""
