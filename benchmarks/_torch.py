"""Whether the training half can be used here."""

from realtime_nst.bench.case import LeftOut
from realtime_nst.errors import MissingPackage


def need_torch(purpose: str) -> None:
    """Raises LeftOut where the packages of the extra "train" are not installed."""
    from realtime_nst.learning.packages import require

    try:
        require(purpose)
    except MissingPackage as error:
        raise LeftOut(str(error)) from error
