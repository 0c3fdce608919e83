"""The units a report can be about (IC-TIP: event, victim, perpetrator, reporting entity), each with its report and its record.

An observation is none of them: a figure that another office counted and published.

Here: which model belongs to which unit. Never here: a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.case import PerpetratorRecord, PerpetratorReport, VictimRecord, VictimReport
from schemas.fields import RecordModel
from schemas.incident import IncidentRecord, IncidentReport
from schemas.observation import ObservationRecord, ObservationReport
from schemas.reporting import ReportingEntityRecord, ReportingEntityReport


class Unit(StrEnum):
    """What one row of a partner's file is about."""

    VICTIM = "victim"
    PERPETRATOR = "perpetrator"
    INCIDENT = "incident"
    REPORTING_ENTITY = "reporting_entity"
    OBSERVATION = "observation"


@dataclass(frozen=True)
class UnitModels:
    """The restricted and the pseudonymous form of a unit."""

    report: type[RecordModel]
    record: type[RecordModel]


MODELS: dict[Unit, UnitModels] = {
    Unit.VICTIM: UnitModels(VictimReport, VictimRecord),
    Unit.PERPETRATOR: UnitModels(PerpetratorReport, PerpetratorRecord),
    Unit.INCIDENT: UnitModels(IncidentReport, IncidentRecord),
    Unit.REPORTING_ENTITY: UnitModels(ReportingEntityReport, ReportingEntityRecord),
    Unit.OBSERVATION: UnitModels(ObservationReport, ObservationRecord),
}
