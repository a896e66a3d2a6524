"""Waveform and alignment views."""
