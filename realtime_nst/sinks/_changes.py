"""What becomes of pictures and their times in the file that is written, as notices."""

from __future__ import annotations

from collections.abc import Iterator

from av.video.format import VideoFormat

from realtime_nst.media.pixels import bits_of, chroma_size, subsampling
from realtime_nst.sinks._choice import Choice
from realtime_nst.sinks._form import Form


def changes(form: Form, size: tuple[int, int]) -> Iterator[str]:
    """A line for each change in a video of ``form`` with pictures of ``size``, (width, height)."""
    path, kind, choice, encoding = form.path, form.kind, form.choice, form.encoding
    source = form.source_name
    pixels, traits = encoding.pixel_format(size), encoding.traits
    if choice.codec.is_full_colour(pixels) and not traits.full_colour:
        yield (
            f"the odd size {size[0]}x{size[1]} is written as {choice.name} 4:4:4, which "
            "some players cannot show; for those, choose an even `size`"
        )
    yield from _coarser(choice, VideoFormat(traits.stored), VideoFormat(pixels), source)
    if kind.milliseconds and (traits.time_base * 1000).denominator != 1:
        yield (
            f"a {path.suffix} file stores times in milliseconds, so each is rounded; "
            ".mp4 and .mov keep them exactly"
        )


def _coarser(
    choice: Choice, stored: VideoFormat, written: VideoFormat, source: str
) -> Iterator[str]:
    bits, kept = bits_of(stored), choice.pixels.bits
    mapped = choice.held.hdr and not choice.pixels.hdr
    coarser = chroma_size(written) < chroma_size(stored)
    if bits > 8 and not mapped and (kept == 8 or coarser):
        remedy = "" if kept > 8 else "; `bits` 10 keeps 10 where nothing is painted"
        yield (
            f"{source} is {bits}-bit {subsampling(stored)}, written as {kept}-bit "
            f"{subsampling(written)}{remedy}"
        )
    elif coarser and subsampling(stored) == "4:4:4":
        yield f"{choice.name} halves the resolution of colour, which the source has in full"


def left_out(damaged: int, skipped: int) -> Iterator[str]:
    """Lines for ``damaged`` packets of other streams, and frames ``skipped``."""
    if damaged:
        plural = "s" * (damaged > 1)
        yield f"{damaged} damaged packet{plural} of sound or other streams left out"
    if skipped:
        plural = "s" * (skipped > 1)
        yield f"{skipped} frame{plural} skipped: shown no later than the one before"
