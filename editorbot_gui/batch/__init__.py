"""Many files in the window: a queue that a process of its own works on."""
