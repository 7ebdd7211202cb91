"""Plan, shown: as it was run, without the folders of the machine on which it was."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slicken.study.plan import Plan


def without_folders(plan: "Plan") -> "Plan":
    """The plan with the names of logs and channel maps alone, where they were whole paths.

    A page is meant to be mailed; what it says of a plan is for readers on other machines.

    Example:
        >>> from slicken.study.plan import Plan
        >>> without_folders(Plan(logs=("/home/ann/run1.csv", "runs/*.csv"))).logs
        ('run1.csv', 'runs/*.csv')
    """
    maps = plan.channels
    shown = (
        _alone(maps)
        if isinstance(maps, str)
        else {pattern: _alone(one) for pattern, one in maps.items()}
    )
    return plan.model_copy(
        update={"logs": tuple(_alone(name) for name in plan.logs), "channels": shown}
    )


def _alone(name: str) -> str:
    return Path(name).name if Path(name).is_absolute() else name
