"""Following the log as it grows: one reader per process, any number of followers."""
