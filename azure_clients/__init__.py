"""The Azure SDK inside, our nouns outside: one file per resource type, errors translated once."""
