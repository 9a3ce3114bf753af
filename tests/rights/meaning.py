"""Fills in what the table leaves open: ids, tokens, days."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from uuid_utils.compat import uuid7

from app.clock import now
from schema.ids import global_id
from tests.rights.scene import ELSEWHERE, Scene

NOBODY = "nobody"
_DAYS = re.compile(r"@(-?\d+) days(?: (\d\d:\d\d))?")
# Whose technician is meant, seen from jo: of a job that is that technician's already, another one.
_TECHNICIANS = {
    "@jo.technician": ("job", "job"),
    "@mate.technician": ("ours", "asked"),
    "@stranger.technician": ("others", "others"),
    "@another.technician": ("others", "ours"),
}
_ACTIVE = ("offered", "accepted", "travelling", "working", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What the words of an input mean for a thing of somebody's.

    `slots` are tokens of slots as `slots_of` found them, `cursor` is where the log begins.
    """

    scene: Scene
    slots: Mapping[str, str] = field(default_factory=dict)
    cursor: str = ""

    def fill(self, value: Any, whose: str, of: str | None) -> Any:
        """Return a value with its words replaced; of `nobody` are ids that no row has."""
        if isinstance(value, Mapping):
            return {name: self.fill(each, whose, of) for name, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each, whose, of) for each in value]
        if not isinstance(value, str) or "@" not in value:
            return value
        if value == "@queue":
            return [self._id(whose, f"Assignment.{stage}") for stage in reversed(_ACTIVE)]
        return self._word(value, whose, of)

    def _word(self, value: str, whose: str, of: str | None) -> str:
        days = _DAYS.fullmatch(value)
        if days is not None:
            day = (now() + timedelta(days=int(days[1]))).date()
            return f"{day}T{days[2]}:00Z" if days[2] else f"{day}"
        fixed = {"@now": now().isoformat(), "@cursor": self.cursor, "@sha256": "0" * 64}
        if value in fixed:
            return fixed[value]
        if value == "@jo":
            return global_id("User", self.scene.jo)
        if value in _TECHNICIANS:
            usual, instead = _TECHNICIANS[value]
            return self._id(instead if whose == usual else usual, "Technician")
        if value.startswith("@slot."):
            return self.slots.get(f"{whose} {value.removeprefix('@slot.')}", "none")
        if value == "@upload":
            return self.scene.uploads.get(whose) or global_id("Attachment", uuid7())
        if "@whose" in value:
            return value.replace("@whose", whose)
        return self._id(whose, value[1:] or of or "")

    def _id(self, whose: str, name: str) -> str:
        if whose == NOBODY:
            return global_id(name.partition(".")[0], uuid7())
        return self.scene.id_of(whose, name)


def families_with(scene: Scene, name: str) -> list[str]:
    """Return whose a thing of this name there is, in jo's organisation; `all` for what is all's."""
    kind, _, variant = name.partition(".")
    found = {each.whose for each in scene.of(kind) if variant in {"", each.variant} and each.whose != ELSEWHERE}
    return sorted(found)
