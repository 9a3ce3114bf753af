"""Customers and their things: the words for them."""

from enum import StrEnum


class CustomerTier(StrEnum):
    """How a customer is ranked when places are scarce."""

    STANDARD = "STANDARD"
    PREMIUM = "PREMIUM"
    FLEET = "FLEET"


class AssetKind(StrEnum):
    """What sort of thing is looked after."""

    VEHICLE = "VEHICLE"
    EQUIPMENT = "EQUIPMENT"
    SYSTEM = "SYSTEM"
