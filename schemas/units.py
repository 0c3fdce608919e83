"""The units a report can be about (IC-TIP: event, victim, perpetrator), each with its report and its record.

Here: which model belongs to which unit. Never here: a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.case import PerpetratorRecord, PerpetratorReport, VictimRecord, VictimReport
from schemas.fields import RecordModel
from schemas.incident import IncidentRecord, IncidentReport


class Unit(StrEnum):
    """What one row of a partner's file is about."""

    VICTIM = "victim"
    PERPETRATOR = "perpetrator"
    INCIDENT = "incident"


@dataclass(frozen=True)
class UnitModels:
    """The restricted and the pseudonymous form of a unit."""

    report: type[RecordModel]
    record: type[RecordModel]


MODELS: dict[Unit, UnitModels] = {
    Unit.VICTIM: UnitModels(VictimReport, VictimRecord),
    Unit.PERPETRATOR: UnitModels(PerpetratorReport, PerpetratorRecord),
    Unit.INCIDENT: UnitModels(IncidentReport, IncidentRecord),
}
