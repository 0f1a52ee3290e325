"""Reads customization scripts for what makes them fail again and again."""
