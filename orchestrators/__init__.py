"""What happens, in which order: deterministic, without I/O, clock, environment or chance."""
