"""Data loaders, made from the declarations in `app.reads`: many single questions become one statement."""

from resolvers.loaders.loaders import Loaders

__all__ = ["Loaders"]
