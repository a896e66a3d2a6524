"""Makes raw recordings with exactly known edits out of clean ones."""
