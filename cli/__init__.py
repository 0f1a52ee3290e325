"""The command line: thin, speaks the HTTP API."""
