"""A functions host for one machine: indexes the app with Microsoft's worker library and serves its triggers."""
