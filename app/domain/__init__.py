"""Rules as pure functions on frozen data. Knows no I/O, no clock, no GraphQL, no SQL."""
