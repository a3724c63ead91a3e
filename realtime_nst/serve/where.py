"""Where a viewer may have the picture painted."""

from collections.abc import Callable, Mapping

from realtime_nst.masks.mask import Inverted, Mask
from realtime_nst.masks.moving import MovingMask

WHERE: Mapping[str, Callable[[], Mask | None]] = {
    "everywhere": lambda: None,
    "moving": MovingMask,
    "still": lambda: Inverted(MovingMask()),
}
"""By name, a mask that has seen nothing yet; None paints everywhere."""
