"""Where each value comes from: thin asynchronous functions that choose a read or call a service."""
