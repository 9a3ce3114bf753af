"""Plans: a frozen problem in, an answer with its reasons out. Knows no I/O, no clock, no SQL; has the solver alone."""
