"""Files of tickets: announced, taken in, looked at, scanned, and erased."""
