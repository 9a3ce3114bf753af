"""What the database's own checks have refused."""

from sqlalchemy.exc import DBAPIError

# Tables name the check of their zone so, after their own name.
_ZONE = "_time_zone_sensible"


def is_about_a_zone(error: DBAPIError) -> bool:
    """Tell whether the database refused a time zone that it does not know: its list may be older than the program's."""
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    return name is not None and str(name).endswith(_ZONE)
