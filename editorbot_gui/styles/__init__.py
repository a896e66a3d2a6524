"""Styles of editing: saved ones, ones read from finished edits, and sliders that move them."""
