"""The values that travel between the stages: frozen, typed, without I/O of their own."""
