"""Playback: device, ring buffer, feeder thread and transport."""
