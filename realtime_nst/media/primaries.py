"""The primaries of RGB colour spaces with white D65, by their chromaticities x and y."""

import numpy as np
from numpy.typing import NDArray

Chromaticities = tuple[tuple[float, float], ...]
"""Of red, green and blue."""

D65 = (0.3127, 0.3290)

BT709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))

PRIMARIES: dict[int, Chromaticities] = {
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""By the code of ITU-T H.273, table 2: BT.2020 and P3."""


def to_xyz(primaries: Chromaticities) -> NDArray[np.float64]:
    """RGB to XYZ, ``[3, 3]`` (Lindbloom's equations)."""
    colours = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (*primaries, D65)]).T
    matrix: NDArray[np.float64] = colours[:, :3] * np.linalg.solve(colours[:, :3], colours[:, 3])
    return matrix
