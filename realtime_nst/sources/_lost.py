"""What of a video does not come through, as notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from realtime_nst.media.colours import Colours
from realtime_nst.media.light_levels import LightLevels
from realtime_nst.media.orientation import Orientation
from realtime_nst.media.pixels import Pixels
from realtime_nst.media.tone import PQ

KEEPING = ".webm (VP9) and .mov (ProRes) keep it"

_EXTRAS = {
    SideDataType.A53_CC: "captions inside the pictures (CEA-608 or 708)",
    SideDataType.SPHERICAL: "the tags of a 360-degree video",
    SideDataType.STEREO3D: "the tags of a stereoscopic video",
    SideDataType.DYNAMIC_HDR_PLUS: "the tone curves of HDR10+",
    SideDataType.DOVI_METADATA: "the tone curves of Dolby Vision",
}


def lost_of_film(
    name: str, first: VideoFrame, stream: VideoStream, kept: Pixels, deinterlaced: bool
) -> Iterator[str]:
    """A line for each property of the video ``name`` that its ``first`` frame shows to be lost if
    the output holds ``kept``."""
    if not deinterlaced:
        yield from _combs(name, first)
    elif not first.interlaced_frame:
        yield (
            f"{name} does not say that it is interlaced; it is deinterlaced all the same, which "
            "makes whole pictures coarser"
        )
    colours, pixels = Colours.of(first), Pixels.of(stream, first)
    if pixels.hdr and not kept.hdr:
        peak = LightLevels.of(first).peak(colours.transfer)
        yield (
            f"{name} is HDR ({'PQ' if colours.transfer == PQ else 'HLG'}, up to {peak:,.0f} nit): "
            "mapped to SDR (BT.709); video `hdr` keep keeps it"
        )
    elif colours.needs_mapping and not pixels.hdr:
        yield (
            f"{name} is wide-gamut (BT.2020): mapped to 8-bit BT.709, colours outside it are lost"
        )
    if pixels.alpha and not kept.alpha:
        yield f"{name} has transparency, which is lost; {KEEPING}"
    if Orientation.of(first) is None:
        yield (
            f"{name} has a rotation of {first.rotation} degrees, which is not applied "
            "(choices: 90, 180, 270)"
        )


def lost_of_frame(name: str, frame: VideoFrame) -> Iterator[str]:
    """A line for each thing that ``frame`` carries beside its picture and that is lost, and for
    interlaced pictures."""
    yield from _combs(name, frame)
    for data in cast("Iterable[SideData]", frame.side_data):
        if what := _EXTRAS.get(data.type):
            yield f"{name} has {what}, which are lost"


def _combs(name: str, frame: VideoFrame) -> Iterator[str]:
    if frame.interlaced_frame:
        yield (
            f"{name} is interlaced: both fields are stylised as one picture, and the result "
            "is progressive; if motion shows combs, use `deinterlace`"
        )
