"""Streams measured beside stock execution and raw sockets."""
