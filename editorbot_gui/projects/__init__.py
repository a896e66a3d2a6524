"""Projects: saved, kept safe between saves, found again after a crash."""
