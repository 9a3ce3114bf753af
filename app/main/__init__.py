"""Where everything is made and handed to each other: the server and the worker. Nothing else makes them."""
