"""What happens by itself: each kind of timer has a handler that opens its own transaction."""
