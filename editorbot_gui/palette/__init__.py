"""Every command by a few letters of its name."""
