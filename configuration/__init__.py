"""Reads and checks what the operator wrote: application settings and parameter files."""
