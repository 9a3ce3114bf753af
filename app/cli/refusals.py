"""What all refusals of the command line have in common."""


class Refusal(Exception):
    """The command cannot be carried out; the text says why and what helps."""
