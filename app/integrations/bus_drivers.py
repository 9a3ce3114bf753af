"""Which event buses there are, and how to come by the driver of one.

Drivers are an extra of the package and take a quarter of a second to import: only the one that is used is.
"""

from importlib import import_module
from urllib.parse import urlsplit

from app.integrations.bus_line import Driver

# The module of each scheme of EVENT_BUS_URL.
_MODULES = {"nats": "app.integrations.nats_line", "redis": "app.integrations.redis_line"}


class BusDriverMissing(Exception):
    """EVENT_BUS_URL names a bus whose driver is not installed."""

    def __init__(self, scheme: str) -> None:
        super().__init__(
            f"EVENT_BUS_URL begins with {scheme}://, and the driver for that is not installed: "
            "install fieldgraph[bus], or unset EVENT_BUS_URL."
        )


def driver_of(url: str) -> Driver:
    """Return the driver for the scheme of an address that the settings have checked.

    Raises:
        BusDriverMissing: its package is not installed.
    """
    scheme = urlsplit(url).scheme
    try:
        driver: Driver = import_module(_MODULES[scheme]).line
    except ImportError as missing:
        raise BusDriverMissing(scheme) from missing
    return driver
