"""What is told to whoever watches a process."""
