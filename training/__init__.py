"""Training: the edit simulator, losses and the resumable training loop."""
