"""Looking at the bytes of a file that was sent: is it what was announced, and harmless to unpack? Knows no store."""
