"""One thing to Azure each; may run twice with the same result."""
