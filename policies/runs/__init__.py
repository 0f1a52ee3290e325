"""A pipeline run: what it does, how it stands, what is told of it."""
