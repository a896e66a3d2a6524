"""Playing the recording and the edit: what is heard is what the exporters write.

The way of the data: a `Plan` says what is to be heard; the feeder renders it into a ring of
samples; the sound device's callback copies from the ring; `Player` is the part the window sees.
"""
