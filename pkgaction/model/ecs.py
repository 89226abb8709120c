"""The fields of one version of ECS, as far as building takes them over."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EcsSchema:
    """One version of ECS."""
