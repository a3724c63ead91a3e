"""Parts of aiortc's own that are replaced where it has no door for them."""

from realtime_nst.errors import RealtimeNstError


def replace_part(owner: object, name: str, part: object) -> None:
    """Put ``part`` in the place of ``name``, a private attribute of the class of ``owner``.

    RealtimeNstError where there is none of that name any more.
    """
    attribute = f"_{type(owner).__name__}__{name}"
    if not hasattr(owner, attribute):
        raise RealtimeNstError(
            f"the server needs {name!r} of aiortc's {type(owner).__name__}, which this version "
            "of aiortc lacks; install aiortc 1.16"
        )
    setattr(owner, attribute, part)
