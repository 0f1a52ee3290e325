"""Reads the file of an image template, in either of its forms, and checks it against what it goes with."""
