"""The temporal loss on results that lets the light change."""

from torch import Tensor

from realtime_nst.learning.losses.moved import Moved, mean_where


def luminance(image: Tensor) -> Tensor:
    """``[N, 1, H, W]`` of RGB ``[N, 3, H, W]`` (ITU-R BT.709's weights, as Gao et al. 2018)."""
    red, green, blue = image.split(1, dim=1)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def temporal_luminance(results: Moved) -> Tensor:
    """As :func:`temporal_output`, each colour of the result expected to change as the luminance of
    the scene did: ReCoNet's output-level loss (Gao et al. 2018, eq. 6).

    Deviation: ``motion.lighting`` is the change of light alone, where it is known; the difference
    between the frames would ask the result to repeat their noise.
    """
    difference, motion = results.difference()
    return mean_where((difference - motion.lighting).square(), motion.visible)
