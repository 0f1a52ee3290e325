"""The local stack: the whole app on one machine, without Azure. Never deployed."""
