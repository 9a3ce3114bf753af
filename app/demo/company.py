"""Founds an example organisation: how it is divided, its people, customers, assets and parts."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from random import Random
from uuid import UUID

from app.db.journal import SYSTEM, Hand, Journal
from app.db.tables.customers import assets, customer_users, customers, parts
from app.db.tables.organizations import escalation_tiers, organizations, skills, teams, territories
from app.db.tables.people import technician_skills, technician_territories, technicians, users
from app.demo.catalogue import SPARES, Trade
from app.demo.names import BUSINESSES, FAMILY, FLEETS, GIVEN, HOUSES
from app.demo.places import Region, Town
from app.demo.users import DemoUser
from app.domain.administration import Asset, Customer, Organization, Part, Skill, Team, Technician, Territory, User
from app.domain.organizations import FIRST_TIERS
from app.domain.people import EventSource, Role
from app.domain.places import AssetKind, CustomerTier

# From an address range that is set aside for documentation.
OFFICE_IP = "192.0.2.17"
_PACE = timedelta(seconds=20)
_OTHER_SKILLS = (3, 5, 9)
_STAFF = (Role.ADMIN, Role.MANAGER, Role.TEAM_LEAD, Role.DISPATCHER, Role.DISPATCHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """What an organisation is founded with; `technicians` counts them per tier, lowest first."""

    organization_id: UUID
    name: str
    domain: str
    region: Region
    trades: Sequence[Trade]
    technicians: Sequence[int]
    customers: int
    stock: int
    logins: Sequence[DemoUser]


@dataclass(slots=True, kw_only=True)
class Worker:
    """A technician at work: the job that is running, and how many are waiting."""

    record: Technician
    levels: Mapping[UUID, int]
    hand: Hand
    running: UUID | None = None
    jobs: int = 0
    reserved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A customer with its people, its place, and its assets with the code of their trade."""

    record: Customer
    hands: tuple[Hand, ...]
    territory_id: UUID
    assets: tuple[tuple[str, Asset], ...]


@dataclass(slots=True, kw_only=True)
class Company:
    """An organisation in business."""

    organization_id: UUID
    skills: dict[str, UUID] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    dispatchers: list[Hand] = field(default_factory=list)
    manager: Hand = SYSTEM

    _circles: dict[tuple[int, str, int, UUID], tuple[list[Worker], ...]] = field(default_factory=dict)

    def of_tier(self, level: int) -> list[Worker]:
        """Return the technicians of a tier, in the order in which they were hired."""
        return [worker for worker in self.workers if worker.record.tier_level == level]

    def circles(self, level: int, trade: str, least: int, territory_id: UUID) -> tuple[list[Worker], ...]:
        """Return a tier's technicians: who is able and near, who is able, and all; kept for next time."""
        asked = (level, trade, least, territory_id)
        if asked not in self._circles:
            everyone = self.of_tier(level)
            able = [each for each in everyone if each.levels.get(self.skills[trade], 0) >= least]
            near = [each for each in able if territory_id in each.record.territory_ids]
            self._circles[asked] = (near, able, everyone)
        return self._circles[asked]


def found(charter: Charter, journal: Journal, chance: Random, at: datetime) -> Company:
    """Found the organisation at this moment; it takes a few hours of its time."""
    return _Founding(charter, journal, chance, at).found()


class _Founding:
    def __init__(self, charter: Charter, journal: Journal, chance: Random, at: datetime) -> None:
        self._charter = charter
        self._journal = journal
        self._chance = chance
        self._at = at
        self._hand = SYSTEM
        self._company = Company(organization_id=charter.organization_id)
        self._names = self._people()
        self._logins = list(charter.logins)
        self._team_ids: dict[str, UUID] = {}
        self._territory_ids: dict[str, UUID] = {}

    def found(self) -> Company:
        charter = self._charter
        organization = Organization(
            id=charter.organization_id,
            organization_id=charter.organization_id,
            name=charter.name,
            time_zone=charter.region.time_zone,
            tiers={code: level for level, (code, _) in enumerate(FIRST_TIERS, start=1)},
            created_at=self._at,
            updated_at=self._at,
        )
        self._journal.found(organizations, organization, self._at, SYSTEM)
        for level, (code, name) in enumerate(FIRST_TIERS, start=1):
            self._journal.keep_row(escalation_tiers, level, code, name, None, None, self._at, self._at)
        self._hire_staff()
        self._make_teams()
        self._make_skills()
        self._make_territories()
        self._hire_technicians()
        self._stock_parts()
        self._win_customers()
        return self._company

    def _tick(self) -> datetime:
        self._at += _PACE
        return self._at

    def _hire_staff(self) -> None:
        missing = list(_STAFF)
        for login in self._logins:
            if login.roles[0] in missing:
                missing.remove(login.roles[0])
        # The administrator comes first: everything after is the administrator's doing.
        for role in sorted(missing, key=lambda each: each is not Role.ADMIN):
            self._staff(role, None)
        for login in sorted(self._logins, key=lambda each: Role.ADMIN not in each.roles):
            if login.roles[0] in _STAFF:
                self._staff(login.roles[0], login.user_id)

    def _staff(self, role: Role, id_: UUID | None) -> None:
        hand = self._hand_of(self._user((role,), id_, self._charter.domain), OFFICE_IP)
        if role is Role.ADMIN:
            self._hand = hand
        elif role is Role.MANAGER:
            self._company.manager = hand
        elif role is Role.DISPATCHER:
            self._company.dispatchers.append(hand)

    def _hand_of(self, user: User, ip: str, source: EventSource = EventSource.WEB) -> Hand:
        return Hand(user_id=user.id, source=source, ip_address=ip)

    def _user(self, roles: tuple[Role, ...], id_: UUID | None, domain: str) -> User:
        name, local = next(self._names)
        at = self._tick()
        user = User(
            id=id_ or self._journal.ids.new(at),
            organization_id=self._charter.organization_id,
            name=name,
            email=f"{local}@{domain}",
            roles=roles,
            created_at=at,
            updated_at=at,
        )
        self._journal.found(users, user, at, self._hand)
        return user

    def _people(self) -> Iterator[tuple[str, str]]:
        combinations = list(product(GIVEN, FAMILY))
        self._chance.shuffle(combinations)
        number = 1
        while True:
            for given, family in combinations:
                local = f"{_ascii(given)}.{_ascii(family)}"
                yield f"{given} {family}", local if number == 1 else f"{local}{number}"
            number += 1

    def _make_teams(self) -> None:
        for name in dict.fromkeys(trade.team for trade in self._charter.trades):
            at = self._tick()
            id_ = self._team_ids[name] = self._journal.ids.new(at)
            team = Team(id=id_, organization_id=self._charter.organization_id, name=name, created_at=at, updated_at=at)
            self._journal.found(teams, team, at, self._hand)

    def _make_skills(self) -> None:
        organization_id = self._charter.organization_id
        for trade in self._charter.trades:
            at = self._tick()
            id_ = self._company.skills[trade.code] = self._journal.ids.new(at)
            skill = Skill(
                id=id_, organization_id=organization_id, code=trade.code, name=trade.name, created_at=at, updated_at=at
            )
            self._journal.found(skills, skill, at, self._hand)

    def _make_territories(self) -> None:
        for name in self._charter.region.territories:
            at = self._tick()
            id_ = self._territory_ids[name] = self._journal.ids.new(at)
            territory = Territory(
                id=id_,
                organization_id=self._charter.organization_id,
                name=name,
                time_zone=self._charter.region.time_zone,
                area=self._charter.region.areas[name],
                created_at=at,
                updated_at=at,
            )
            self._journal.found(territories, territory, at, self._hand)

    def _hire_technicians(self) -> None:
        number = 0
        for level, count in enumerate(self._charter.technicians, start=1):
            role = Role.TECHNICIAN if level == 1 else Role.SENIOR_TECHNICIAN
            login = next((each for each in self._logins if each.roles == (role,)), None)
            for each in range(count):
                number += 1
                # The login of a role is its first technician of the lowest tier that has it.
                id_ = login.user_id if login and each == 0 and level <= 2 else None
                self._hire(self._user((role,), id_, self._charter.domain), number, level)

    def _hire(self, user: User, number: int, level: int) -> None:
        charter, chance, at = self._charter, self._chance, self._tick()
        main = charter.trades[number % len(charter.trades)]
        town = charter.region.towns[number % len(charter.region.towns)]
        latitude, longitude = self._point(town)
        others = [trade for trade in charter.trades if trade is not main]
        known = {main.code: min(5, 2 + level + chance.randrange(2))}
        for trade in chance.sample(others, min(_OTHER_SKILLS[level - 1], len(others))):
            known[trade.code] = min(5, chance.randint(0, 2) + level)
        levels = {self._company.skills[code]: skill_level for code, skill_level in known.items()}
        neighbours = chance.sample(list(self._territory_ids.values()), min(level, len(self._territory_ids)))
        record = Technician(
            id=self._journal.ids.new(at),
            organization_id=charter.organization_id,
            external_id=f"T-{number:04d}",
            user_id=user.id,
            team_id=self._team_ids[main.team],
            tier_level=level,
            main_skill_id=self._company.skills[main.code],
            years_experience=chance.randint(1, 6) + level * 4,
            home_latitude=latitude,
            home_longitude=longitude,
            skills={str(skill_id): skill_level for skill_id, skill_level in levels.items()},
            territory_ids=tuple(dict.fromkeys([self._territory_ids[town.territory], *neighbours])),
            created_at=at,
            updated_at=at,
        )
        self._journal.found(technicians, record, at, self._hand)
        for skill_id, skill_level in levels.items():
            self._journal.keep_row(technician_skills, record.id, skill_id, skill_level, None)
        for territory_id in record.territory_ids:
            self._journal.keep_row(technician_territories, record.id, territory_id)
        phone = self._hand_of(user, f"198.51.100.{number % 250 + 1}", EventSource.MOBILE)
        self._company.workers.append(Worker(record=record, levels=levels, hand=phone))

    def _stock_parts(self) -> None:
        for spare in SPARES:
            at = self._tick()
            part = Part(
                id=self._journal.ids.new(at),
                organization_id=self._charter.organization_id,
                part_number=spare.number,
                name=spare.name,
                stock=self._charter.stock + self._chance.randint(0, 20),
                unit_cost=spare.cost,
                currency="EUR",
                created_at=at,
                updated_at=at,
            )
            self._company.parts[spare.number] = part
            self._journal.found(parts, part, at, self._hand)

    def _win_customers(self) -> None:
        names = list(product(HOUSES, BUSINESSES))
        self._chance.shuffle(names)
        logins: list[UUID | None] = [each.user_id for each in self._logins if each.roles == (Role.END_USER,)]
        for number in range(1, self._charter.customers + 1):
            house, business = names[(number - 1) % len(names)]
            self._company.clients.append(self._win(number, house, business, logins.pop() if logins else None))

    def _win(self, number: int, house: str, business: str, login: UUID | None) -> Client:
        charter, chance = self._charter, self._chance
        domain = f"{_ascii(house)}-{number}.example"
        members = [self._user((Role.END_USER,), login, domain)]
        members += [self._user((Role.END_USER,), None, domain) for _ in range(chance.randint(0, 2))]
        town, at = chance.choice(charter.region.towns), self._tick()
        latitude, longitude = self._point(town)
        fleet = business in FLEETS
        premium = chance.random() < 0.3 or login is not None
        record = Customer(
            id=self._journal.ids.new(at),
            organization_id=charter.organization_id,
            external_id=f"C-{number:05d}",
            name=f"{house} {business}",
            tier=CustomerTier.FLEET if fleet else CustomerTier.PREMIUM if premium else CustomerTier.STANDARD,
            latitude=latitude,
            longitude=longitude,
            address=charter.region.address.format(
                street=chance.choice(charter.region.streets),
                number=chance.randint(1, 180),
                postcode=town.postcode,
                town=town.name,
            ),
            user_ids=tuple(member.id for member in members),
            created_at=at,
            updated_at=at,
        )
        self._journal.found(customers, record, at, self._hand)
        for member in members:
            self._journal.keep_row(customer_users, record.id, member.id)
        ip = f"203.0.113.{number % 250 + 1}"
        return Client(
            record=record,
            hands=tuple(self._hand_of(member, ip) for member in members),
            territory_id=self._territory_ids[town.territory],
            assets=tuple(self._equip(record, fleet=fleet)),
        )

    def _equip(self, customer: Customer, *, fleet: bool) -> Iterator[tuple[str, Asset]]:
        usable = [trade for trade in self._charter.trades if fleet or trade.kind is not AssetKind.VEHICLE]
        for number, trade in enumerate(self._chance.choices(usable, k=self._chance.randint(2, 6)), start=1):
            at = self._tick()
            asset = Asset(
                id=self._journal.ids.new(at),
                organization_id=customer.organization_id,
                external_id=f"{customer.external_id}-{number:02d}",
                kind=trade.kind,
                name=f"{self._chance.choice(trade.assets)} {number}",
                customer_id=customer.id,
                created_at=at,
                updated_at=at,
            )
            self._journal.found(assets, asset, at, self._hand)
            yield trade.code, asset

    def _point(self, town: Town) -> tuple[float, float]:
        spread = self._chance.uniform
        return (
            round(town.latitude + spread(-town.reach, town.reach) * 0.7, 5),
            round(town.longitude + spread(-town.reach, town.reach), 5),
        )


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.replace(" ", "").lower()
