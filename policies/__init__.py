"""Decides: pure functions from facts and the time to a decision and its reason."""
