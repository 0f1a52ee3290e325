"""Keeping images current: patches, uploads, and whether a build is due."""
