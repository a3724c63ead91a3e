"""The codec of a video, and what its pixels hold: as asked, and as codec and container can."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from av.container import InputContainer

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.media.container import first_frame, main_video
from realtime_nst.media.pixels import Pixels
from realtime_nst.sinks.formats import CODECS, Codec, codec_for, container_of
from realtime_nst.sinks.hardware import by_hardware

HDR = ("map", "keep")
BITS = (8, 10)


@dataclass(frozen=True)
class Choice:
    """A codec, by its ``name`` in ``formats.CODECS``; the ``pixels`` that it writes; and those of
    the source, ``held``."""

    name: str
    codec: Codec
    pixels: Pixels
    held: Pixels


def held_by(container: InputContainer) -> Pixels:
    """What the pixels of its main video hold."""
    stream = main_video(container)
    is_gif = stream.codec_context.pix_fmt == "bgra"
    return Pixels.of(stream, first_frame(container, stream) if is_gif else None)


def chosen(
    name: str | None,
    path: Path,
    source: str,
    held: Pixels,
    *,
    bits: int = 8,
    hdr: str = "map",
    strict: bool = False,
    encoder: str | None = None,
) -> Choice:
    """For the video ``path`` of a source, called ``source``, whose pixels hold ``held``.

    ``name`` is the codec asked for (None: the first of the container that can hold the rest, with
    the transparency of the source if one can), ``bits`` one of ``BITS``, ``hdr`` one of ``HDR``,
    ``encoder`` the hardware that encodes, None for none. Raises the errors of
    :func:`~realtime_nst.sinks.formats.codec_for` and
    :func:`~realtime_nst.sinks.hardware.by_hardware`, and :class:`UsageError` for what the source
    does not have or the codec cannot hold.
    """
    if hdr not in HDR:
        raise UnknownName("way with HDR", hdr, HDR)
    if bits not in BITS:
        raise UsageError(f"a video is written with 8 or 10 bits a channel, not {bits}")
    keep = hdr == "keep"
    if keep and not held.hdr:
        raise UsageError(
            f"{source or 'the source'} is not HDR (PQ or HLG), so there is none "
            "to keep (choices of `hdr`: map); leave out `hdr`"
        )
    wanted = Pixels(held.alpha, 10 if keep else bits, keep)
    kind = container_of(path)
    able = [each for each in kind.codecs if CODECS[each].holds(wanted)]
    clear = [each for each in able if CODECS[each].holds_alpha(kind)]
    prefers_clear = held.alpha and clear and encoder is None
    name, codec = codec_for(name or (clear if prefers_clear else able)[0], path)
    if encoder is not None:
        codec = by_hardware(encoder, name)
    if not codec.holds(wanted):
        what = "HDR" if keep else f"{bits} bits a channel"
        asked = "encoder" if encoder else "codec"
        raise UsageError(
            f"{name} is not written with {what} (choices in a {path.suffix} file: "
            f"{', '.join(able)}); name one of them, or leave out `{asked}`",
            choices=able,
        )
    pixels = Pixels(held.alpha and codec.holds_alpha(kind), wanted.bits, keep)
    if strict and held.hdr and not keep:
        raise UsageError(
            f"{source} is HDR, which would be mapped to SDR; give `hdr` keep, or leave out `strict`"
        )
    if strict and held.alpha and not pixels.alpha:
        raise UsageError(
            f"{name} in a {path.suffix} file cannot hold the transparency of {source}; name the "
            f"output {path.stem}.webm or {path.stem}.mov, or leave out `strict` to lose it"
        )
    return Choice(name, codec, pixels, held)
