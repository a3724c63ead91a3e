"""The codec of a video, and what its pixels hold: as asked, and as codec and container can."""

from __future__ import annotations

from pathlib import Path

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.media.pixels import Pixels
from realtime_nst.sinks.formats import CODECS, Codec, codec_for, container_of

HDR = ("map", "keep")
BITS = (8, 10)


def chosen(
    name: str | None,
    path: Path,
    source: str,
    held: Pixels,
    *,
    bits: int = 8,
    hdr: str = "map",
) -> tuple[str, Codec, Pixels]:
    """The name of the codec of the video ``path``, the codec, and what its pixels hold, for a
    source, called ``source``, whose pixels hold ``held``.

    ``name`` is the codec asked for (None: the first of the container that can hold the rest, with
    the transparency of the source if one can), ``bits`` one of ``BITS``, ``hdr`` one of ``HDR``.
    Raises the errors of :func:`~realtime_nst.sinks.formats.codec_for`, and :class:`UsageError` for
    what the source does not have or the codec cannot hold.
    """
    if hdr not in HDR:
        raise UnknownName("way with HDR", hdr, HDR)
    if bits not in BITS:
        raise UsageError(f"a video is written with 8 or 10 bits a channel, not {bits}")
    keep = hdr == "keep"
    if keep and not held.hdr:
        raise UsageError(
            f"{source or 'the source'} is not HDR (PQ or HLG), so there is none "
            "to keep (choices of --hdr: map); leave out --hdr"
        )
    wanted = Pixels(held.alpha, 10 if keep else bits, keep)
    kind = container_of(path)
    able = [each for each in kind.codecs if CODECS[each].holds(wanted)]
    clear = [each for each in able if CODECS[each].holds_alpha(kind)]
    name, codec = codec_for(name or (clear if held.alpha and clear else able)[0], path)
    if not codec.holds(wanted):
        what = "HDR" if keep else f"{bits} bits a channel"
        raise UsageError(
            f"{name} is not written with {what} (choices in a {path.suffix} file: "
            f"{', '.join(able)}); name one of them, or leave out --codec"
        )
    return name, codec, Pixels(held.alpha and codec.holds_alpha(kind), wanted.bits, keep)
