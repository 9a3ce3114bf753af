"""What the example companies can do, the parts they stock, and the assets they look after."""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.places import AssetKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A skill, the team that lives by it, and what its assets are called."""

    code: str
    name: str
    team: str
    kind: AssetKind
    assets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """A part on the shelf; `cost` in euros."""

    number: str
    name: str
    cost: Decimal


def _trade(code: str, name: str, team: str, kind: AssetKind, *assets: str) -> Trade:
    return Trade(code=code, name=name, team=team, kind=kind, assets=assets)


def _spare(number: str, name: str, cost: str) -> Spare:
    return Spare(number=number, name=name, cost=Decimal(cost))


TRADES = (
    _trade("LIFTS", "Lifts", "Lifts and Doors", AssetKind.EQUIPMENT, "Passenger lift", "Goods lift"),
    _trade("DOORS", "Automatic doors", "Lifts and Doors", AssetKind.EQUIPMENT, "Sliding door", "Dock gate"),
    _trade("HVAC", "Ventilation and air conditioning", "Climate", AssetKind.SYSTEM, "Air handler", "Chiller"),
    _trade("BOILERS", "Boilers and heat pumps", "Climate", AssetKind.EQUIPMENT, "Gas boiler", "Heat pump"),
    _trade("COOLING", "Refrigeration", "Climate", AssetKind.EQUIPMENT, "Cold room", "Display fridge"),
    _trade("CHARGERS", "Vehicle chargers", "Power", AssetKind.EQUIPMENT, "AC charger", "DC charger"),
    _trade("ELECTRICAL", "Electrical installations", "Power", AssetKind.SYSTEM, "Main switchboard", "UPS"),
    _trade("VEHICLES", "Vehicle electronics", "Power", AssetKind.VEHICLE, "Electric van", "Reach truck"),
    _trade("PUMPS", "Pumps and drains", "Water and Safety", AssetKind.EQUIPMENT, "Booster pump", "Sump pump"),
    _trade("FIRE", "Fire safety", "Water and Safety", AssetKind.SYSTEM, "Fire panel", "Sprinkler set"),
)

SPARES = (
    _spare("LFT-1010", "Door operator belt", "38.50"),
    _spare("LFT-1022", "Safety edge, car door", "164.00"),
    _spare("LFT-1047", "Landing call button, illuminated", "27.90"),
    _spare("LFT-1088", "Brake lining set", "212.75"),
    _spare("DOR-2003", "Radar sensor, entrance", "118.40"),
    _spare("DOR-2015", "Torsion spring, dock gate", "189.00"),
    _spare("DOR-2031", "Drive unit, sliding door", "645.00"),
    _spare("HVC-3001", "Bag filter F7, 592 x 592", "24.80"),
    _spare("HVC-3018", "V-belt SPZ 1250", "11.60"),
    _spare("HVC-3040", "Damper actuator 24 V", "96.30"),
    _spare("HVC-3077", "Compressor contactor 40 A", "58.20"),
    _spare("BLR-4004", "Ignition electrode set", "31.40"),
    _spare("BLR-4012", "Three-way valve motor", "87.90"),
    _spare("BLR-4033", "Expansion vessel 18 l", "54.00"),
    _spare("BLR-4051", "Heat pump control board", "398.00"),
    _spare("CLD-5002", "Evaporator fan motor", "72.10"),
    _spare("CLD-5009", "Door gasket, cold room", "66.00"),
    _spare("CLD-5024", "Thermostatic expansion valve", "103.50"),
    _spare("CHG-6001", "Type 2 socket with lock", "142.00"),
    _spare("CHG-6008", "RFID reader module", "89.90"),
    _spare("CHG-6015", "DC charging cable CCS 5 m", "1180.00"),
    _spare("CHG-6020", "Residual current device type B", "236.50"),
    _spare("ELC-7005", "Circuit breaker C16", "9.80"),
    _spare("ELC-7019", "Surge arrester type 2", "128.00"),
    _spare("ELC-7032", "UPS battery block 12 V 9 Ah", "34.60"),
    _spare("VHC-7501", "12 V battery, AGM", "139.00"),
    _spare("VHC-7514", "Telematics unit", "275.00"),
    _spare("VHC-7520", "Contactor, traction circuit", "154.30"),
    _spare("PMP-8002", "Mechanical seal 25 mm", "46.70"),
    _spare("PMP-8011", "Float switch 10 m", "29.50"),
    _spare("PMP-8026", "Pressure transmitter 0-10 bar", "121.00"),
    _spare("FIR-9003", "Optical smoke detector", "42.00"),
    _spare("FIR-9010", "Manual call point", "36.20"),
    _spare("FIR-9018", "Panel battery 12 V 17 Ah", "58.00"),
    _spare("FIR-9027", "Sprinkler head 68 degrees", "14.90"),
)

# At how many pieces more are ordered, and how many a delivery brings.
LOW_STOCK = 6
DELIVERY = 40
