"""Recording from a sound input straight into a file, which then opens as a new document.

The way of the data: the sound device's callback copies into two rings; one is emptied by the level
meter, the other by a thread that writes to disk. `Recorder` is the part that the window sees.
"""
