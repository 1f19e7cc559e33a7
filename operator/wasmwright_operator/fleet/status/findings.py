"""What one plan found out about one runtime."""

from dataclasses import dataclass, field

from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.classes import ClassPlan
from wasmwright_operator.fleet.removal import Removal
from wasmwright_operator.fleet.rollout import Rollout
from wasmwright_operator.fleet.survey import Survey
from wasmwright_operator.records import RuntimeRecord

Told = tuple[str, bool | None, str, str]
"""What a condition says: its type, whether it holds, one CamelCase word, and a sentence."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one plan found out about one runtime."""

    runtime: RuntimeRecord
    acceptance: Acceptance
    survey: Survey
    rollout: Rollout
    classes: ClassPlan = field(default_factory=ClassPlan)
    removal: Removal = field(default_factory=Removal)

    @property
    def summary(self) -> str:
        """How many of the nodes that are to have it serve it, and how many its target revision."""
        ready, updated = len(self.survey.ready), len(self.survey.updated)
        told = f"{ready}/{self.survey.targeted} ready"
        return told if ready == updated else f"{told}, {updated}/{self.survey.targeted} updated"
