"""What of a video does not come through, as notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from realtime_nst.media.colours import Colours
from realtime_nst.media.container import Orientation

_EXTRAS = {
    SideDataType.A53_CC: "captions inside the pictures (CEA-608 or 708)",
    SideDataType.SPHERICAL: "the tags of a 360-degree video",
    SideDataType.STEREO3D: "the tags of a stereoscopic video",
}


def lost_of_film(name: str, first: VideoFrame, stream: VideoStream) -> Iterator[str]:
    """A line for each property of the video ``name`` that its ``first`` frame shows to be lost."""
    if first.interlaced_frame:
        yield (
            f"{name} is interlaced: both fields are stylised as one picture, and the result "
            "is progressive; if motion shows combs, deinterlace it first"
        )
    colours = Colours.of(first)
    if colours.needs_mapping:
        what = "HDR" if colours.hdr else "wide-gamut (BT.2020)"
        lost = "highlights above paper white" if colours.hdr else "colours outside it"
        yield f"{name} is {what}: mapped to 8-bit BT.709, {lost} are lost"
    # The alpha of VP8 and VP9 is a stream of its own, which their usual decoders leave out.
    if _has_alpha(first) or stream.metadata.get("alpha_mode") == "1":
        yield f"{name} has transparency, which is lost"
    if Orientation.of(first) is None:
        yield (
            f"{name} has a rotation of {first.rotation} degrees, which is not applied "
            "(choices: 90, 180, 270)"
        )


def lost_of_frame(name: str, frame: VideoFrame) -> Iterator[str]:
    """A line for each thing that ``frame`` carries beside its picture and that is lost."""
    for data in cast("Iterable[SideData]", frame.side_data):
        if what := _EXTRAS.get(data.type):
            yield f"{name} has {what}, which are lost"


def _has_alpha(frame: VideoFrame) -> bool:
    """FFmpeg decodes every GIF to BGRA, most of them opaque."""
    if frame.format.name == "bgra":
        return bool((frame.to_ndarray(format="rgba")[..., 3] < 255).any())
    return any(component.is_alpha for component in frame.format.components)
