"""Plugs typed functions into a host: decode, inject clients, encode."""
