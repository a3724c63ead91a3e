"""Small videos whose pixels hold more than 8 bits of R, G and B, made with PyAV."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

PQ, HLG = 16, 18
QUIET = "log-level=error:bframes=0"
LOSSLESS = f"{QUIET}:lossless=1"
DISPLAY = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"
"""P3, 0.005 to 4,000 nit."""
_FORMS = {(3, 1): "rgb24", (4, 1): "rgba", (3, 2): "rgb48le"}


def clip(
    path: Path,
    pictures: Sequence[np.ndarray],
    *,
    codec: str = "libx265",
    form: str = "yuv420p10le",
    transfer: int = PQ,
    options: dict[str, str] | None = None,
    rotation: int = 0,
    full: bool = False,
    told_by: str = "all",
) -> Path:
    """``pictures``, RGB or RGBA, 25 a second; in BT.2020 if ``transfer`` is of HDR. ``full`` is the
    range of YUV. With ``told_by`` "container", the pictures of ProRes do not tell their colours."""
    colours = 9 if transfer in (PQ, HLG) else 1
    with av.open(str(path), "w") as output:
        if codec == "libx265":
            options = options or {"x265-params": LOSSLESS}
        video = output.add_stream(codec, rate=25, options=options or {})
        height, width, _ = pictures[0].shape
        video.width, video.height, video.pix_fmt = width, height, form
        if rotation:
            video.set_display_rotation(rotation)
        context = video.codec_context
        context.colorspace = context.color_primaries = colours
        context.color_trc, context.color_range = transfer, 1 + full
        for number, picture in enumerate(pictures):
            rgb = _FORMS[picture.shape[2], picture.itemsize]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=rgb)
            frame = frame.reformat(format=form, dst_colorspace=colours, dst_color_range=1 + full)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            if told_by == "container":
                frame.colorspace = 2
            else:
                frame.color_primaries, frame.color_trc = colours, transfer
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


RAMP = np.arange(0, 876, 2) / 876
"""Every other grey of 10 bits, from black almost to white."""


def coded(values: np.ndarray) -> np.ndarray:
    """RGB from 0 to 1 as swscale takes it for 10 bits: white is 255 * 256."""
    return (values * 65_280).round().astype(np.uint16)


def ramp(height: int = 32) -> np.ndarray:
    return np.repeat(coded(RAMP)[None, :, None], 3, 2).repeat(height, 0)


def tags(path: Path) -> tuple[int, int, int]:
    """Matrix, primaries and transfer."""
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return context.colorspace, context.color_primaries, context.color_trc


def planes(path: Path, decoder: str | None = None) -> list[np.ndarray]:
    """Each frame as it is decoded."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        context = av.CodecContext.create(decoder, "r") if decoder else video.codec_context
        packets = [packet if packet.size else None for packet in container.demux(video)]
        return [frame.to_ndarray() for packet in packets for frame in context.decode(packet)]
