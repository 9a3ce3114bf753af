"""Where the examples take place: two real regions, with streets that any town there has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.areas import Area, Corner


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A town or quarter: its middle in degrees, how far it reaches, and the digits of its postcode."""

    name: str
    territory: str
    latitude: float
    longitude: float
    postcode: str
    reach: float = 0.012


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What an organisation covers, `areas` by the names of territories.

    `address` has the fields street, number, postcode and town.
    """

    time_zone: str
    areas: Mapping[str, Area]
    towns: Sequence[Town]
    streets: Sequence[str]
    address: str

    @property
    def territories(self) -> tuple[str, ...]:
        """The territories' names, each once, in the order of the towns."""
        return tuple(dict.fromkeys(town.territory for town in self.towns))


def _town(name: str, territory: str, latitude: float, longitude: float, postcode: str, reach: float = 0.012) -> Town:
    return Town(
        name=name,
        territory=territory,
        latitude=latitude,
        longitude=longitude,
        postcode=postcode,
        reach=reach,
    )


def _area(*points: tuple[float, float]) -> Area:
    return tuple(Corner(lat=latitude, lon=longitude) for latitude, longitude in points)


UTRECHT = Region(
    time_zone="Europe/Amsterdam",
    areas=MappingProxyType(
        {
            "Utrecht City": _area((52.048, 5.046), (52.048, 5.154), (52.13, 5.154), (52.13, 5.075), (52.115, 5.046)),
            "Utrecht West": _area(
                *((52.048, 4.82), (52.048, 5.046), (52.115, 5.046), (52.13, 5.075), (52.2, 5.075), (52.2, 4.82))
            ),
            "Lek and Linge": _area(
                *((51.93, 4.98), (51.93, 5.29), (52.0, 5.29), (52.042, 5.185), (52.048, 5.154), (52.048, 4.98))
            ),
            "Heuvelrug": _area(
                *((52.048, 5.154), (52.042, 5.185), (52.0, 5.29), (52.0, 5.4), (52.08, 5.4), (52.15, 5.25)),
                (52.15, 5.154),
            ),
            "Eemland": _area((52.15, 5.25), (52.08, 5.4), (52.08, 5.5), (52.28, 5.5), (52.28, 5.25)),
        }
    ),
    address="{street} {number}, {postcode} {town}",
    towns=(
        _town("Utrecht", "Utrecht City", 52.0907, 5.1214, "3511 AB", 0.018),
        _town("Utrecht", "Utrecht City", 52.1153, 5.1115, "3562 KC", 0.012),
        _town("Utrecht", "Utrecht City", 52.0656, 5.1206, "3525 TP", 0.010),
        _town("Utrecht", "Utrecht City", 52.0993, 5.0676, "3541 GD", 0.014),
        _town("De Meern", "Utrecht West", 52.0806, 5.0283, "3454 PK"),
        _town("Woerden", "Utrecht West", 52.0853, 4.8835, "3441 BR"),
        _town("Maarssen", "Utrecht West", 52.1394, 5.0412, "3601 CE"),
        _town("Breukelen", "Utrecht West", 52.1719, 5.0029, "3621 AL"),
        _town("Nieuwegein", "Lek and Linge", 52.0293, 5.0815, "3431 HG", 0.016),
        _town("IJsselstein", "Lek and Linge", 52.0202, 5.0428, "3401 DM"),
        _town("Houten", "Lek and Linge", 52.0284, 5.1687, "3994 XN"),
        _town("Vianen", "Lek and Linge", 51.9925, 5.0917, "4131 LV"),
        _town("Culemborg", "Lek and Linge", 51.9558, 5.2277, "4101 EB"),
        _town("De Bilt", "Heuvelrug", 52.1093, 5.1806, "3731 GA"),
        _town("Bilthoven", "Heuvelrug", 52.1287, 5.2007, "3721 MP"),
        _town("Zeist", "Heuvelrug", 52.0889, 5.2331, "3701 HW", 0.015),
        _town("Bunnik", "Heuvelrug", 52.0664, 5.1989, "3981 CK", 0.008),
        _town("Driebergen", "Heuvelrug", 52.0532, 5.2808, "3971 KS", 0.010),
        _town("Doorn", "Heuvelrug", 52.0333, 5.3458, "3941 LZ", 0.008),
        _town("Amersfoort", "Eemland", 52.1561, 5.3878, "3811 HN", 0.020),
        _town("Amersfoort", "Eemland", 52.1944, 5.3760, "3824 BW", 0.014),
        _town("Soest", "Eemland", 52.1736, 5.2919, "3761 VC"),
        _town("Leusden", "Eemland", 52.1326, 5.4291, "3831 NJ", 0.010),
        _town("Bunschoten", "Eemland", 52.2421, 5.3783, "3751 TD", 0.008),
    ),
    streets=(
        "Stationsweg",
        "Dorpsstraat",
        "Kerkstraat",
        "Industrieweg",
        "Havenkade",
        "Molenweg",
        "Julianalaan",
        "Wilhelminastraat",
        "Beatrixpark",
        "Energieweg",
        "Nijverheidsweg",
        "Ambachtsring",
        "Lindelaan",
        "Kastanjelaan",
        "Marktplein",
        "Vaartsestraat",
        "Singelweg",
        "Parallelweg",
        "Bedrijvenlaan",
        "Groeneweg",
        "Tolstraat",
        "Brugstraat",
        "Schoolplein",
        "Zonnebaan",
    ),
)

LEIPZIG = Region(
    time_zone="Europe/Berlin",
    areas=MappingProxyType(
        {
            "Leipzig": _area((51.3, 12.27), (51.3, 12.45), (51.385, 12.45), (51.385, 12.27)),
            "Leipzig South": _area((51.08, 12.27), (51.08, 12.6), (51.3, 12.6), (51.3, 12.27)),
            "Leipzig North": _area(
                *((51.34, 12.15), (51.34, 12.27), (51.385, 12.27), (51.385, 12.45), (51.34, 12.45), (51.34, 12.6)),
                *((51.46, 12.6), (51.46, 12.15)),
            ),
        }
    ),
    address="{street} {number}, {postcode} {town}",
    towns=(
        _town("Leipzig", "Leipzig", 51.3397, 12.3731, "04109", 0.018),
        _town("Leipzig", "Leipzig", 51.3290, 12.3330, "04229", 0.012),
        _town("Leipzig", "Leipzig", 51.3680, 12.3900, "04157", 0.014),
        _town("Markkleeberg", "Leipzig South", 51.2767, 12.3697, "04416"),
        _town("Borna", "Leipzig South", 51.1241, 12.4964, "04552", 0.010),
        _town("Schkeuditz", "Leipzig North", 51.3961, 12.2209, "04435"),
        _town("Taucha", "Leipzig North", 51.3803, 12.4936, "04425"),
    ),
    streets=(
        "Bahnhofstraße",
        "Hauptstraße",
        "Gartenweg",
        "Lindenallee",
        "Industriestraße",
        "Am Markt",
        "Schulstraße",
        "Ringstraße",
        "Gewerbepark",
        "Mühlweg",
        "Parkstraße",
        "Kirchplatz",
    ),
)
