"""Where to paint, from the options of the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_nst.errors import UsageError

if TYPE_CHECKING:
    from realtime_nst.masks.mask import Mask
    from realtime_nst.stream import Stage

MOVING = "moving"
"""What --mask takes beside files."""


def masked(
    painting: "Callable[[str], Stage]",
    inside: "Stage",
    *,
    mask: str,
    mask_model: Path | None,
    invert_mask: bool,
    rest: str,
) -> "Stage":
    """``inside`` within the mask that is asked for, and beyond it ``painting(rest)``, or the source
    where ``rest`` is empty; ``inside`` alone where no mask is asked for.

    Raises :class:`UsageError` for options that do not go together, and as the masks do.
    """
    if mask and mask_model:
        raise UsageError("--mask and --mask-model both say where to paint; leave one of them out")
    if not mask and not mask_model:
        for option, given in (("--rest", rest), ("--invert-mask", invert_mask)):
            if given:
                raise UsageError(f"{option} needs to know where: give --mask or --mask-model")
        return inside

    from realtime_nst.masks.mask import Inverted
    from realtime_nst.masks.within import Within

    where = _mask(mask, mask_model)
    beyond = painting(rest) if rest else None
    return Within(Inverted(where) if invert_mask else where, inside, beyond)


def _mask(mask: str, mask_model: Path | None) -> "Mask":
    from realtime_nst.masks.model import ModelMask
    from realtime_nst.masks.moving import MovingMask
    from realtime_nst.masks.pictures import PictureMask, VideoMask
    from realtime_nst.pictures import is_picture

    if mask_model:
        return ModelMask(mask_model)
    if mask == MOVING:
        return MovingMask()
    path = Path(mask)
    if not path.is_file():
        raise UsageError(
            f"there is no file {mask!r}; --mask takes a picture, a video, or {MOVING!r}"
        )
    return PictureMask(path) if is_picture(path) else VideoMask(path)
