"""An organisation is founded, set up by GraphQL alone, and has its first ticket dispatched and done."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from app.auth.tokens import issue
from app.clock import now
from tests.cli.command import Workplace
from tests.cli.test_organization import ask, founded, key
from tests.graphql.keys.making import CREATE
from tests.journeys.people import Person
from tests.journeys.stage import key as key_of
from tests.serving import SECRET, Served, serving

TOWN = [{"lat": 51.9, "lon": 4.9}, {"lat": 51.9, "lon": 5.3}, {"lat": 52.3, "lon": 5.3}, {"lat": 52.3, "lon": 4.9}]
SCOPES = ["READ", "WRITE_TICKETS", "DISPATCH", "BOOK", "ADMINISTER"]
SET_UP = """
query SetUp {
  viewer { organization { version name timeZone tiers { code level acceptWithinMinutes team { name } }
    settings { offerAcceptMinutes booking { bufferMinutes } } slaPolicies { name revision calendar { name } }
    serviceTypes { type durationMinutes requiredSkills { level skill { code } } } } }
  territories { nodes { name area { lat lon } holidays { day name } } }
  facilities { nodes { name calendar { name } bays { name } } }
  businessCalendars { nodes { name holidays } }
  customers { nodes { name users { nodes { name } } assets { name } } }
  parts { nodes { partNumber stock } }
  technicians { nodes { name availability skills { level skill { code } } territories { name } } }
}
"""
DONE = """
query Done($id: ID!) { ticket(id: $id) { status sla { state clocks { metric metAt targetMinutes } }
  assignmentHistory { nodes { type status technician { name } partsUsed { partNumber quantity } customerRating } } } }
"""
SLOTS = """
query Slots($input: SlotSearchInput!) { availableSlots(input: $input) { slots { technician { name } bay { name } } } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A new organisation behind a server, and its people by the keys that the identity provider knows."""

    served: Served
    organization_id: UUID
    leaving: AsyncExitStack

    async def enter(self, user_id: UUID) -> Person:
        """Return the client of a user, whose roles are looked up."""
        return await self.with_bearer(
            issue(
                secret=SECRET,
                user_id=user_id,
                organization_id=self.organization_id,
                roles=None,
                now=now(),
                lifetime=timedelta(minutes=10),
            )
        )

    async def with_bearer(self, bearer: str) -> Person:
        """Return the client of whoever has this token or key."""
        person = Person(self.served.http, self.served.websocket, bearer)
        await person.arrive(self.leaving)
        return person


async def test_an_empty_organisation_comes_to_its_first_completed_ticket(
    workplace: Workplace, database_url: str, tmp_path: Path
) -> None:
    made = await founded(workplace, database_url)
    async with (
        serving(database_url, max_cost=100_000, upload_dir=tmp_path) as served,
        AsyncExitStack() as leaving,
    ):
        house = House(served=served, organization_id=UUID(made["organization"]), leaving=leaving)
        program = await house.with_bearer(await first_key(served, made["token"]))
        ids = await settle(program)
        admin = await house.enter(UUID(made["admin"]))
        await hire(admin, ids)
        shown = await program.ask(SET_UP)
        assert_set_up(shown)

        customer = await house.enter(key_of(ids["carl"]))
        technician = await house.enter(key_of(ids["tess"]))
        slots = await customer.ask(
            SLOTS,
            input={"appointmentType": "COMPONENT_REPAIR", "assetId": ids["asset"], "locationMode": "AT_FACILITY"},
        )
        assert {slot["technician"]["name"] for slot in slots["availableSlots"]["slots"]} == {"Tess"}
        created = await customer.do(
            "createTicket",
            title="The pump leaks",
            description="Since this morning.",
            category="INCIDENT",
            priority="P2",
            assetId=ids["asset"],
            requiredSkills=[{"skillId": ids["skill"], "level": 3}],
            autoDispatch=True,
        )
        assert (created["ticket"]["status"], created["noCandidate"]) == ("ASSIGNED", None)
        job = await work(technician, created["ticket"]["id"])
        await customer.do("rateAssignment", assignmentId=job, rating=5)
        await program.do("closeTicket", id=created["ticket"]["id"])

        done = (await admin.ask(DONE, id=created["ticket"]["id"]))["ticket"]
        assert done["status"] == "CLOSED"
        assert {clock["targetMinutes"] for clock in done["sla"]["clocks"]} == {30, 240}
        assert all(clock["metAt"] for clock in done["sla"]["clocks"])
        (turn,) = done["assignmentHistory"]["nodes"]
        assert turn == {
            "type": "AUTO",
            "status": "COMPLETED",
            "technician": {"name": "Tess"},
            "partsUsed": [{"partNumber": "SEAL-1", "quantity": 2}],
            "customerRating": 5,
        }


async def first_key(served: Served, token: str) -> str:
    """Turn the one-time token of the command line into a key for setting up."""
    answer = await ask(served, token, CREATE, key(scopes=SCOPES))
    made: dict[str, Any] = answer.json()["data"]["createApiKey"]
    assert made["errors"] == []
    secret: str = made["secret"]
    return secret


async def settle(program: Person) -> dict[str, str]:
    """Settle everything that is not about people; return ids by what they are of."""
    version = (await program.ask(SET_UP))["viewer"]["organization"]["version"]
    made = await program.do("updateOrganization", expectedVersion=version, name="Pumps", timeZone="UTC")
    version = made["organization"]["version"]
    made = await program.do(
        "updateOrganizationSettings", expectedVersion=version, offerAcceptMinutes=20, bufferMinutes=15
    )
    team = (await program.do("createTeam", name="North"))["team"]["id"]
    skill = (await program.do("createSkill", code="PUMPS", name="Pumps"))["skill"]["id"]
    version = made["organization"]["version"]
    made = await program.do(
        "updateEscalationTiers",
        expectedVersion=version,
        tiers=[
            {"level": 1, "code": "L1", "name": "Field", "acceptWithinMinutes": 30, "teamId": team},
            {"level": 2, "code": "L2", "name": "Senior"},
        ],
    )
    await program.do(
        "updateServiceType",
        expectedVersion=made["organization"]["version"],
        type="COMPONENT_REPAIR",
        durationMinutes=60,
        skills=[{"skillId": skill, "level": 3}],
    )
    always = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in ("MON", "TUE", "WED", "THU", "FRI")]
    always += [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in ("SAT", "SUN")]
    calendar = await program.do(
        "saveBusinessCalendar", name="Always", timeZone="UTC", weekly=always, holidays=["2031-01-01"]
    )
    calendar_id = calendar["businessCalendar"]["id"]
    targets = [{"priority": each, "responseMinutes": 30, "resolutionMinutes": 240} for each in ("P1", "P2", "P3", "P4")]
    await program.do("saveSlaPolicy", name="Gold", targets=targets, calendarId=calendar_id)
    territory = await program.do(
        "createTerritory",
        name="Town",
        timeZone="UTC",
        holidays=[{"day": "2031-01-01", "name": "New Year"}],
        area=[*TOWN, TOWN[0]],
    )
    territory_id = territory["territory"]["id"]
    facility = await program.do(
        "createFacility",
        name="Depot",
        location={"lat": 52.1, "lon": 5.1},
        calendarId=calendar_id,
        bayCount=1,
    )
    assert facility["facility"]["territory"] == {"id": territory_id}
    bay = await program.do("createServiceBay", facilityId=facility["facility"]["id"], name="Pit", equippedFor=[skill])
    assert bay["serviceBay"]["equippedFor"] == [{"id": skill}]
    carl = (await program.do("createUser", name="Carl", email="carl@wells.example"))["user"]["id"]
    customer = await program.do(
        "createCustomer", name="Wells", externalId="W-1", location={"lat": 52.0, "lon": 5.0}, userIds=[carl]
    )
    customer_id = customer["customer"]["id"]
    asset = await program.do("createAsset", kind="EQUIPMENT", name="Pump 7", customerId=customer_id, externalId="P-7")
    part = await program.do("createPart", partNumber="SEAL-1", name="Seal", stock=3)
    await program.do("adjustStock", partId=part["part"]["id"], delta=5, reason="A delivery.")
    return {
        "team": team,
        "skill": skill,
        "territory": territory_id,
        "carl": carl,
        "customer": customer_id,
        "asset": asset["asset"]["id"],
    }


async def hire(admin: Person, ids: dict[str, str]) -> None:
    """Hire a technician, who works every day; roles are an ADMIN's to give."""
    made = await admin.do(
        "createTechnician",
        user={"name": "Tess", "email": "tess@pumps.example", "roles": ["TECHNICIAN"]},
        teamId=ids["team"],
        mainSkillId=ids["skill"],
        skills=[{"skillId": ids["skill"], "level": 4}],
        territoryIds=[ids["territory"]],
        home={"lat": 52.05, "lon": 5.05},
    )
    ids["tess"] = made["technician"]["user"]["id"]
    today = now().date()
    days = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
    shifts = await admin.do(
        "createShifts",
        technicianId=made["technician"]["id"],
        **{"from": f"{today}", "to": f"{today + timedelta(days=13)}"},
        weekly=[{"weekday": day, "start": "00:00", "end": "00:00"} for day in days],
    )
    assert len(shifts["shifts"]) == 14


def assert_set_up(shown: dict[str, Any]) -> None:
    """Everything that was settled is shown."""
    organization = shown["viewer"]["organization"]
    assert (organization["name"], organization["settings"]) == (
        "Pumps",
        {"offerAcceptMinutes": 20, "booking": {"bufferMinutes": 15}},
    )
    assert [tier["code"] for tier in organization["tiers"]] == ["L1", "L2"]
    assert organization["slaPolicies"][0]["name"] == "Gold"
    assert organization["slaPolicies"][0]["calendar"] == {"name": "Always"}
    assert organization["serviceTypes"] == [
        {
            "type": "COMPONENT_REPAIR",
            "durationMinutes": 60,
            "requiredSkills": [{"level": 3, "skill": {"code": "PUMPS"}}],
        }
    ]
    (territory,) = shown["territories"]["nodes"]
    assert territory == {"name": "Town", "area": TOWN, "holidays": [{"day": "2031-01-01", "name": "New Year"}]}
    (facility,) = shown["facilities"]["nodes"]
    assert facility == {"name": "Depot", "calendar": {"name": "Always"}, "bays": [{"name": "Bay 1"}, {"name": "Pit"}]}
    assert shown["businessCalendars"]["nodes"] == [{"name": "Always", "holidays": ["2031-01-01"]}]
    (customer,) = shown["customers"]["nodes"]
    assert customer == {"name": "Wells", "users": {"nodes": [{"name": "Carl"}]}, "assets": [{"name": "Pump 7"}]}
    assert shown["parts"]["nodes"] == [{"partNumber": "SEAL-1", "stock": 8}]
    (technician,) = shown["technicians"]["nodes"]
    assert technician == {
        "name": "Tess",
        "availability": "AVAILABLE",
        "skills": [{"level": 4, "skill": {"code": "PUMPS"}}],
        "territories": [{"name": "Town"}],
    }


async def work(technician: Person, ticket_id: str) -> str:
    """Take the ticket's job to its end; return the job's id."""
    jobs = await technician.ask("{ myJobs { nodes { id status ticket { id } } } }")
    (job,) = jobs["myJobs"]["nodes"]
    assert job["ticket"]["id"] == ticket_id
    for step in ("acceptAssignment", "startTravel", "recordArrival", "startWork"):
        await technician.do(step, assignmentId=job["id"])
    done = await technician.do(
        "completeAssignment",
        assignmentId=job["id"],
        outcome="SUCCESS",
        timeSpentHours="1.5",
        partsUsed=[{"partNumber": "SEAL-1", "partName": "Seal", "quantity": 2}],
    )
    assert done["ticket"]["status"] == "RESOLVED"
    job_id: str = job["id"]
    return job_id
