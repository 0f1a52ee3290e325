"""What may be removed, and what was left by a crash."""
