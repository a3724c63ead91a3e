"""Where a look paints: its mask, and what makes the mask's edge."""

from pathlib import Path

from realtime_nst.errors import UsageError
from realtime_nst.look import BACKGROUND, MOVING, NAMED_MASKS, PERSON, Look
from realtime_nst.masks.edges import Fit, FrameEdge
from realtime_nst.masks.mask import Inverted, Mask
from realtime_nst.masks.model import ModelMask
from realtime_nst.masks.moving import MovingMask
from realtime_nst.masks.pictures import PictureMask, VideoMask
from realtime_nst.masks.steady import SteadyMask
from realtime_nst.media.pictures import is_picture
from realtime_nst.motion.stabiliser import OFF
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.shipped import person_network


def mask_of(look: Look, networks: Networks) -> Mask | None:
    """Where ``look`` paints; None is everywhere. It is neither inverted nor steadied, and that of
    the background shows the people.

    Raises :class:`UsageError` where there is no such file, and the errors of the masks.
    """
    if look.mask_model:
        return ModelMask(Path(look.mask_model), networks.graph)
    if not look.mask:
        return None
    if look.mask in (PERSON, BACKGROUND):
        return ModelMask(person_network(), networks.graph)
    if look.mask == MOVING:
        return MovingMask()
    path = Path(look.mask)
    if not path.is_file():
        raise UsageError(
            f"there is no file {look.mask!r}; a mask is a picture, a video, or one of "
            f"{', '.join(NAMED_MASKS)}"
        )
    return PictureMask(path) if is_picture(path) else VideoMask(path)


def mask_and_edge(look: Look, mask: Mask | None) -> tuple[Mask | None, Fit | None]:
    """Where ``look`` paints, and what makes the edge. What a network finds is coarse and flickers;
    it is steadied as far as the painting is."""
    if mask is None:
        return None, None
    fit = FrameEdge() if isinstance(mask, ModelMask) else None
    if fit and look.stabilise != OFF:
        mask = SteadyMask(mask)
    if look.invert_mask != (look.mask == BACKGROUND):
        mask = Inverted(mask)
    return mask, fit


def found_nothing(look: Look, mask: Mask | None) -> str:
    """A notice, if ``mask``, that of ``look``, is a network's that has found nothing in all
    pictures so far; else empty."""
    if not isinstance(mask, ModelMask) or mask.found is not False:
        return ""
    if look.mask_model:
        return f"the mask of {Path(look.mask_model).name!r} found nothing in any picture"
    return f"the mask {look.mask!r} found nobody in any picture"
