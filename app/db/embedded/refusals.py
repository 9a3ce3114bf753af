"""What all refusals of the embedded server have in common."""


class EmbeddedServerError(Exception):
    """The embedded server cannot be used; the text says why and what helps."""
