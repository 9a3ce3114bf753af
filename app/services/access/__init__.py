"""What opens the door: API keys, one-time tokens, and how sessions are ended."""
