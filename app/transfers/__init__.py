"""The bytes of files over HTTP, under signed addresses: knows the web and the store's port, and no GraphQL."""
