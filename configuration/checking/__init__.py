"""Reads text that an operator wrote, checks it by its shape, and tells every fault with its place and the remedy."""
