"""What a dispatch board is narrowed by."""

from datetime import datetime

import strawberry

from app.domain.board import Narrowing
from app.domain.refusals import Invalid
from schema.ids import optional_keys


@strawberry.input(description="What a dispatch board shows.")
class BoardFilter:
    """What a dispatch board shows."""

    territory_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="In these territories; at most 100. Technicians who work or have jobs there."
    )
    team_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of these teams; at most 100. What nobody has is of every team."
    )
    technician_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of these technicians; at most 100. What nobody has is anybody's."
    )
    from_: datetime = strawberry.field(
        name="from", description="Appointments and working time from here on; nothing else."
    )
    to: datetime = strawberry.field(description="Appointments and working time until here; nothing else.")
    include_unassigned: bool = strawberry.field(default=True, description="Tickets that nobody has, too.")

    def wanted(self) -> Narrowing:
        """Return the filter.

        Raises:
            Invalid: ids of another type, more than 100 of them, or `from` behind `to`.
        """
        if self.from_ > self.to:
            raise Invalid(field=("filter", "from"), problem="from must not lie behind to.")
        lists = {
            "territoryIds": self.territory_ids,
            "teamIds": self.team_ids,
            "technicianIds": self.technician_ids,
        }
        keys = {}
        for name, ids in lists.items():
            keys[name] = optional_keys(name.removesuffix("Ids").capitalize(), ids, "filter", name)
        return Narrowing(
            territory_ids=keys["territoryIds"],
            team_ids=keys["teamIds"],
            technician_ids=keys["technicianIds"],
            include_unassigned=self.include_unassigned,
            since=self.from_,
            until=self.to,
        )
