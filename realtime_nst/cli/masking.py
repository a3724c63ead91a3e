"""Where to paint, from the options of the command line."""

from pathlib import Path
from typing import TYPE_CHECKING

from realtime_nst.errors import UsageError

if TYPE_CHECKING:
    from realtime_nst.masks.mask import Mask

MOVING = "moving"
"""What --mask takes beside files."""


def mask_of(mask: str, mask_model: Path | None, invert_mask: bool, rest: str) -> "Mask | None":
    """What the options ask for. Raises :class:`UsageError` for those that do not go together, and
    as the masks do."""
    if mask and mask_model:
        raise UsageError("--mask and --mask-model both say where to paint; leave one of them out")
    if mask or mask_model:
        from realtime_nst.masks.mask import Inverted

        where = _mask(mask, mask_model)
        return Inverted(where) if invert_mask else where
    for option, given in (("--rest", rest), ("--invert-mask", invert_mask)):
        if given:
            raise UsageError(f"{option} needs to know where: give --mask or --mask-model")
    return None


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
