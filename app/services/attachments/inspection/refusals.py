"""Why bytes are not what they should be."""


class Unfit(Exception):
    """The bytes are not taken; the text says to a person why."""
