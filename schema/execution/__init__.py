"""From bytes to an operation and back: documents, failures, HTTP, websockets."""
