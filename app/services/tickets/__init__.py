"""What happens to tickets: they come in, change, move in their life, climb, and end."""
