"""The nouns: frozen messages, enumerations and errors. Imports nothing of ours."""
