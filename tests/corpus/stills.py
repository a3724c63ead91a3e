"""Kinds of picture files, as one table: what each is called, how it is made, what must come out.

All show ``COLOURS``, in patches side by side. A row's maker writes a file in which a colour-managed
reader sees these colours; the result of painting at strength 0 must show them too.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from realtime_nst.media.primaries import PRIMARIES
from realtime_nst.media.profiles import rgb_profile
from realtime_nst.sinks._svt import svt_tamed

COLOURS = np.array(
    [[255, 255, 255], [0, 0, 0], [200, 30, 40], [70, 160, 90], [40, 50, 210], [128, 128, 128]],
    np.uint8,
)
SIDE = 32
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO = ((0.734, 0.265), (0.160, 0.840), (0.037, 0.0001))

P3_ICC = rgb_profile(PRIMARIES[12])
ADOBE_ICC = rgb_profile(ADOBE, (2.19921875,))
PROPHOTO_ICC = rgb_profile(PROPHOTO, (1.8,))
SWAPPED_ICC = rgb_profile((SRGB[1], SRGB[2], SRGB[0]))
SRGB_ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

DATE, CAMERA, LATITUDE = "2021:07:04 12:30:00", "Ordinary Cameras", (48.0, 51.0, 30.0)


@dataclass(frozen=True)
class Still:
    """``result`` is the suffix of the painted file (that of the kind, if it can be written).

    ``icc`` must come out as it was, and so must EXIF data where ``exif``, transparency where
    ``alpha``. Colours may differ by ``tolerance``.
    """

    name: str
    make: Callable[[Path], None]
    result: str = ""
    icc: bytes = b""
    exif: bool = False
    alpha: bool = False
    tolerance: float = 2

    @property
    def painted(self) -> str:
        return Path(self.name).stem + (self.result or Path(self.name).suffix)


def patches() -> np.ndarray:
    return np.repeat(COLOURS, SIDE, axis=0)[None].repeat(2 * SIDE, axis=0)


def transparency() -> np.ndarray:
    """Opaque above, half in the middle, nothing below."""
    alpha = np.full((2 * SIDE, len(COLOURS) * SIDE), 255, np.uint8)
    alpha[SIDE : 3 * SIDE // 2], alpha[3 * SIDE // 2 :] = 128, 0
    return alpha


def seen(path: Path) -> np.ndarray:
    """The patches as a colour-managed reader shows them, upright: sRGB ``[6, 3]``, of the rows that
    are opaque."""
    picture = Image.open(path)
    picture.load()
    icc = picture.info.get("icc_profile")
    picture = ImageOps.exif_transpose(picture).convert("RGB")
    if icc:
        target = ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(picture, BytesIO(icc), target)
    image = np.asarray(picture, np.float64)
    assert image.shape == (2 * SIDE, len(COLOURS) * SIDE, 3)
    inside = image[8 : SIDE - 8].reshape(-1, len(COLOURS), SIDE, 3)[:, :, 10 : SIDE - 10]
    return inside.mean((0, 2))


def exif(orientation: int = 1) -> bytes:
    """Date, place, camera, and a thumbnail of the source."""
    data = Image.Exif()
    data[0x010F], data[0x0112], data[0x0132] = CAMERA, orientation, DATE
    data[0x8769] = {0x9003: DATE, 0xA002: 4000, 0xA003: 3000}
    data[0x8825] = {1: "N", 2: LATITUDE}
    return data.tobytes()


TITLE = b"A holiday by the sea"
IPTC = b"\x1c\x02\x05" + struct.pack(">H", len(TITLE)) + TITLE
XMP = (
    b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
 GCamera:MotionPhoto="1" tiff:Orientation="6" tiff:ImageWidth="4000">
<exif:PixelXDimension>4000</exif:PixelXDimension><dc:title>%s</dc:title>
<xmp:Thumbnails><rdf:Alt><rdf:li>THUMBNAIL</rdf:li></rdf:Alt></xmp:Thumbnails>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
    % TITLE
)


def told(path: Path, *, told_by_exif: bool = True) -> Path:
    """A picture held upright, with EXIF data, XMP and, where the format has them, IPTC records."""
    data = exif(6) if told_by_exif else b""
    options: dict[str, Any] = {"exif": data, "xmp": XMP, **_BEST.get(path.suffix, {})}
    if path.suffix == ".tif":
        directory = Image.Exif()
        directory.load(data)
        directory[700], directory[33723] = XMP, IPTC
        options = {"exif": directory.tobytes()}
    if path.suffix == ".png":
        text = options["pnginfo"] = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    Image.fromarray(sideways(patches(), 6)).save(path, **options)
    if path.suffix == ".jpg":
        body = b"Photoshop 3.0\0" + struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(IPTC)) + IPTC
        body += bytes(len(IPTC) % 2)
        jpeg = path.read_bytes()
        path.write_bytes(jpeg[:2] + struct.pack(">HH", 0xFFED, 2 + len(body)) + body + jpeg[2:])
    return path


def iptc_of(picture: Image.Image) -> bytes:
    resources = picture.info.get("photoshop", {})
    return resources.get(0x0404, b"") or picture.getexif().get(33723, b"")


def in_space(image: np.ndarray, icc: bytes) -> np.ndarray:
    target = ImageCms.ImageCmsProfile(BytesIO(icc))
    srgb = ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(Image.fromarray(image), srgb, target))


def sideways(image: np.ndarray, orientation: int) -> np.ndarray:
    """As a camera stores ``image`` with that orientation."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 7, 8):
        image = image[:, ::-1]
    if orientation in (3, 4, 6, 7):
        image = image[::-1]
    return np.ascontiguousarray(image)


def pil(
    *, mode: str = "RGB", icc: bytes = b"", alpha: bool = False, turned: int = 0, **options: object
) -> Callable[[Path], None]:
    """Written by Pillow in ``mode``."""

    def make(path: Path) -> None:
        image = patches() if not icc or mode != "RGB" else in_space(patches(), icc)
        if alpha:
            image = np.dstack((image, transparency()))
        picture = Image.fromarray(sideways(image, turned or 1))
        if picture.mode != mode and not alpha:
            picture = picture.convert(mode)
        extra = {"exif": exif(turned)} if turned else {}
        picture.save(path, icc_profile=icc, **extra, **options)

    return make


def opencv(depth: type, *, alpha: bool = False) -> Callable[[Path], None]:
    """Written by OpenCV with 16 bits or floating point."""

    def make(path: Path) -> None:
        image = np.dstack((patches(), transparency())) if alpha else patches()
        order = cv2.COLOR_RGBA2BGRA if alpha else cv2.COLOR_RGB2BGR
        scale = np.iinfo(depth).max // 255
        assert cv2.imwrite(str(path), cv2.cvtColor(image.astype(depth) * scale, order))

    return make


def cmyk(path: Path) -> None:
    """Inks computed without a profile, as Pillow converts them."""
    Image.fromarray(patches()).convert("CMYK").save(path, quality=100, subsampling=0)


def lab(path: Path) -> None:
    lab = ImageCms.createProfile("LAB")
    picture = Image.fromarray(patches())
    ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"), lab, outputMode="LAB").save(
        path
    )


def tagged_png(path: Path) -> None:
    """Display P3, told by the chunk cICP in place of a profile."""
    file = BytesIO()
    Image.fromarray(in_space(patches(), P3_ICC)).save(file, "PNG")
    body = b"cICP" + bytes([12, 13, 0, 1])
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    data = file.getvalue()
    path.write_bytes(data[:33] + chunk + data[33:])


def avif(pixels: str, primaries: int = 1) -> Callable[[Path], None]:
    """A picture of any depth, told by the codes of H.273 in place of a profile."""

    def make(path: Path) -> None:
        image = patches() if primaries == 1 else in_space(patches(), P3_ICC)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame = frame.reformat(format=pixels, dst_colorspace="ITU709", dst_color_range="JPEG")
        with av.open(str(path), "w", format="avif") as output:
            stream = output.add_stream("libsvtav1", rate=1)
            stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], pixels
            stream.options = {"crf": "2", "preset": "10", "svtav1-params": "avif=1"}
            context = stream.codec_context
            context.colorspace, context.color_range = 1, 2
            context.color_primaries, context.color_trc = primaries, 13
            frame.pts, frame.colorspace, frame.color_range = 0, 1, 2
            with svt_tamed():
                context.open()
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                output.mux(packet)

    return make


def hdr_png(transfer: int) -> Callable[[Path], None]:
    """Greys of 0, 50, 100, 203, 600 and 1,000 nits in BT.2020, told by the chunk cICP."""

    def make(path: Path) -> None:
        nits = np.array(NITS, np.float64)
        coded = _pq(nits) if transfer == 16 else _hlg(nits)
        grey = np.repeat((coded * 255).round().astype(np.uint8), SIDE)[None].repeat(2 * SIDE, 0)
        file = BytesIO()
        Image.fromarray(np.dstack([grey] * 3)).save(file, "PNG")
        body = b"cICP" + bytes([9, transfer, 0, 1])
        chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
        data = file.getvalue()
        path.write_bytes(data[:33] + chunk + data[33:])

    return make


NITS = (0, 50, 100, 203, 600, 1000)


def _pq(nits: np.ndarray) -> np.ndarray:
    power = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def _hlg(nits: np.ndarray) -> np.ndarray:
    scene = (nits / 1000) ** (1 / 1.2)
    high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)


def eetf(nits: float, peak: float = 1000, target: float = 203) -> float:
    """ITU-R BT.2390-11, 5.4.1, for one level and no black lift; the sRGB value, 0 to 255."""
    top = _pq(np.array(peak))
    most, level = _pq(np.array(target)) / top, _pq(np.array(nits)) / top
    knee = 1.5 * most - 0.5
    if level >= knee:
        t = (level - knee) / (1 - knee)
        level = (
            (2 * t**3 - 3 * t**2 + 1) * knee
            + (t**3 - 2 * t**2 + t) * (1 - knee)
            + (-2 * t**3 + 3 * t**2) * most
        )
    low, high = 0.0, float(peak)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _pq(np.array(middle)) < level * top else (low, middle)
    linear = low / target
    return 255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)


def oriented(suffix: str) -> list[Still]:
    """All eight ways to hold a camera."""
    return [
        Still(f"turned-{turn}{suffix}", pil(turned=turn, **_BEST.get(suffix, {})), exif=True)
        for turn in range(1, 9)
    ]


_BEST = {
    ".jpg": {"quality": 100, "subsampling": 0},
    ".webp": {"lossless": True},
}
_JPEG = _BEST[".jpg"]

STILLS = [
    Still("plain.jpg", pil(**_JPEG)),
    Still("progressive.jpg", pil(progressive=True, **_JPEG)),
    Still("plain.jfif", pil(format="JPEG", **_JPEG)),
    Still("srgb.jpg", pil(icc=SRGB_ICC, **_JPEG), icc=SRGB_ICC),
    Still("p3.jpg", pil(icc=P3_ICC, **_JPEG), icc=P3_ICC),
    Still("p3.png", pil(icc=P3_ICC), icc=P3_ICC),
    Still("p3.webp", pil(icc=P3_ICC, lossless=True), icc=P3_ICC, tolerance=4),
    Still("p3.tif", pil(icc=P3_ICC), icc=P3_ICC),
    Still("p3.avif", pil(icc=P3_ICC, quality=100), ".png", icc=P3_ICC),
    Still("p3-turned.jpg", pil(icc=P3_ICC, turned=6, **_JPEG), icc=P3_ICC, exif=True),
    Still("p3-alpha.png", pil(icc=P3_ICC, alpha=True), icc=P3_ICC, alpha=True),
    Still("p3-named.png", tagged_png, icc=P3_ICC),
    Still("adobe.jpg", pil(icc=ADOBE_ICC, **_JPEG), icc=ADOBE_ICC, tolerance=3),
    Still("adobe.tif", pil(icc=ADOBE_ICC), icc=ADOBE_ICC),
    Still("prophoto.tif", pil(icc=PROPHOTO_ICC), icc=PROPHOTO_ICC),
    Still("swapped.png", pil(icc=SWAPPED_ICC), icc=SWAPPED_ICC),
    Still("cmyk.jpg", cmyk, tolerance=3),
    Still("cmyk.tif", pil(mode="CMYK")),
    Still("lab.tif", lab, tolerance=10),
    *oriented(".jpg"),
    *oriented(".png"),
    *oriented(".webp"),
    *oriented(".tif"),
    Still("turned.avif", pil(turned=6, quality=100), ".png", exif=True),
    Still("alpha.png", pil(alpha=True), alpha=True),
    Still("alpha-turned.png", pil(alpha=True, turned=6), alpha=True, exif=True),
    Still("alpha-16.png", opencv(np.uint16, alpha=True), alpha=True),
    Still("alpha.webp", pil(alpha=True, lossless=True), alpha=True, tolerance=4),
    Still("alpha.tif", pil(alpha=True), alpha=True),
    Still("alpha.avif", pil(alpha=True, quality=100), ".png", alpha=True),
    Still("palette.png", pil(mode="P")),
    Still("palette.gif", pil(mode="P"), ".png"),
    Still("sixteen.png", opencv(np.uint16)),
    Still("sixteen.tif", opencv(np.uint16)),
    Still("lzw.tif", pil(compression="tiff_lzw")),
    Still("deflate.tif", pil(compression="tiff_adobe_deflate")),
    Still("jpeg.tif", pil(compression="jpeg", quality=98), tolerance=3),
    Still("big.tiff", pil(big_tiff=True)),
    Still("plain.bmp", pil()),
    Still("plain.jp2", pil(), ".png"),
    Still("ten.avif", avif("yuv420p10le"), ".png", tolerance=3),
    Still("p3-named.avif", avif("yuv420p10le", 12), ".png", icc=P3_ICC, tolerance=3),
]
DELAYS = [50, 500, 2000]


def animation(path: Path, alpha: bool = False) -> Path:
    """Three pictures, each of one colour."""
    made = []
    for colour in COLOURS[2:5]:
        image = np.full((32, 48, 4 if alpha else 3), 255, np.uint8)
        image[..., :3] = colour
        if alpha:
            image[16:, :, 3] = 0
        made.append(Image.fromarray(image))
    options = {"lossless": True} if path.suffix == ".webp" else {}
    if path.suffix == ".gif" and alpha:
        options["disposal"] = 2
    made[0].save(path, save_all=True, append_images=made[1:], duration=DELAYS, loop=3, **options)
    return path


ANIMATIONS = [
    Still(f"{name}{suffix}", partial(animation, alpha=name == "clear"))
    for name in ("moving", "clear")
    for suffix in (".gif", ".png", ".webp")
]

TILE = 64


def tiled_heic(path: Path) -> Path:
    """A HEIC of 3x2 tiles, one colour each, as phones write them (ISO/IEC 23008-12, 6.6.2.3)."""
    tiles, config = _tiles()
    count, grid_id = len(tiles), len(tiles) + 1
    items = b"".join(
        _box(b"infe", struct.pack(">IHH4sx", 0x02000000 | (number <= count), number, 0, kind))
        for number, kind in [*((n, b"hvc1") for n in range(1, count + 1)), (grid_id, b"grid")]
    )
    grid = struct.pack(">BBBBHH", 0, 0, 1, 2, 3 * TILE, 2 * TILE)
    properties = _box(
        b"ipco",
        _box(b"hvcC", config)
        + _box(b"ispe", struct.pack(">III", 0, TILE, TILE))
        + _box(b"ispe", struct.pack(">III", 0, 3 * TILE, 2 * TILE)),
    )
    links = b"".join(struct.pack(">HBBB", n, 2, 0x81, 0x02) for n in range(1, count + 1))
    links += struct.pack(">HBB", grid_id, 1, 0x03)
    parts = [*tiles, grid]

    def meta(start: int) -> bytes:
        places = b""
        for number, part in enumerate(parts, 1):
            places += struct.pack(">HHHII", number, 0, 1, start, len(part))
            start += len(part)
        reference = struct.pack(f">HH{count}H", grid_id, count, *range(1, count + 1))
        return _box(
            b"meta",
            bytes(4)
            + _box(b"hdlr", struct.pack(">II4s12xx", 0, 0, b"pict"))
            + _box(b"pitm", struct.pack(">IH", 0, grid_id))
            + _box(b"iinf", struct.pack(">IH", 0, len(parts)) + items)
            + _box(b"iref", bytes(4) + _box(b"dimg", reference))
            + _box(b"iprp", properties + _box(b"ipma", struct.pack(">II", 0, len(parts)) + links))
            + _box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, len(parts)) + places),
        )

    head = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    start = len(head) + len(meta(0)) + 8
    path.write_bytes(head + meta(start) + _box(b"mdat", b"".join(parts)))
    return path


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _tiles() -> tuple[list[bytes], bytes]:
    """A key frame of HEVC for each colour, and the configuration record, as MP4 stores them."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx265", rate=1)
        stream.width = stream.height = TILE
        stream.pix_fmt = "yuv444p"
        stream.options = {"x265-params": "log-level=none:keyint=1:crf=4:range=full"}
        stream.codec_context.color_range, stream.codec_context.colorspace = 2, 6
        for number, colour in enumerate(COLOURS):
            frame = av.VideoFrame.from_ndarray(np.full((TILE, TILE, 3), colour, np.uint8))
            frame = frame.reformat(
                format="yuv444p", dst_colorspace="ITU601", dst_color_range="JPEG"
            )
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as movie:
        config = bytes(movie.streams.video[0].codec_context.extradata)
        return [bytes(packet) for packet in movie.demux(video=0) if packet.size], config


def exif_with_thumbnail() -> tuple[bytes, bytes]:
    """Pillow writes no second directory: one is put behind its data."""
    file = BytesIO()
    Image.new("RGB", (16, 12), (9, 99, 199)).save(file, "JPEG")
    data, thumbnail = bytearray(exif().removeprefix(b"Exif\0\0")), file.getvalue()
    order = "<" if data[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, first)
    struct.pack_into(order + "I", data, first + 2 + 12 * count, len(data))
    body = len(data) + 2 + 2 * 12 + 4
    data += struct.pack(order + "H", 2)
    data += struct.pack(order + "HHII", 0x0201, 4, 1, body)
    data += struct.pack(order + "HHII", 0x0202, 4, 1, len(thumbnail)) + bytes(4)
    return b"Exif\0\0" + bytes(data) + thumbnail, thumbnail


def bomb(suffix: str) -> bytes:
    """A tiny file whose header declares more pixels than memory holds."""
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, {".jpg": "JPEG", ".tif": "TIFF"}.get(suffix, suffix[1:]))
    data = bytearray(file.getvalue())
    if suffix == ".png":
        data[16:24] = struct.pack(">II", 60_000, 60_000)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif suffix == ".gif":
        data[6:10] = struct.pack("<HH", 60_000, 60_000)
    elif suffix == ".jpg":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", 60_000, 60_000)
    elif suffix == ".tif":
        for tag in (256, 257):
            at = data.index(struct.pack("<HHI", tag, 4, 1))
            data[at + 8 : at + 12] = struct.pack("<I", 60_000)
    elif suffix == ".webp":
        file = BytesIO()
        Image.new("RGBA", (8, 8)).save(file, "WEBP", lossless=True, exif=exif())
        data = bytearray(file.getvalue())
        data[24:30] = b"\xff\x3f\x00\xff\x3f\x00"
    return bytes(data)
