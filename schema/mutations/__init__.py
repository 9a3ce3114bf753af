"""What can be done: one file per noun, and how every one of them writes."""
