"""What can be followed: the streams, and what they say."""
