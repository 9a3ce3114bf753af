"""What was promised: clocks start, stop, are met, and run out."""
