"""Picture files of every kind, painted at strength 0: what they hold comes out again."""

from pathlib import Path

import numpy as np
import pytest
import stills
from PIL import Image, TiffImagePlugin, TiffTags
from PIL.JpegImagePlugin import get_sampling
from stills import STILLS

from realtime_nst import packages
from realtime_nst.media.picture_kinds import jxl_size
from realtime_nst.media.pictures import read_picture

HEIC = Path(__file__).with_name("still.heic")


@pytest.fixture
def untouched(cli, style, tmp_path):
    """Paints at strength 0; the one file that comes out, or all of a folder."""

    def paint(source, *options, into="made"):
        code, said, err = cli(
            "image", source, "-o", tmp_path / into, "--style", style, "--strength", "0", *options
        )
        assert code == 0, said + err
        paint.said = err
        made = tmp_path / into
        return sorted(made.iterdir()) if made.is_dir() else made

    return paint


@pytest.mark.parametrize("still", STILLS, ids=lambda still: still.name)
def test_colours_shape_and_tags_come_out(still, untouched, tmp_path):
    source = tmp_path / still.name
    still.make(source)
    (tmp_path / "made").mkdir()
    (made,) = untouched(source)
    assert made.name == still.painted
    np.testing.assert_allclose(stills.seen(made), stills.COLOURS, atol=still.tolerance)
    picture = Image.open(made)
    assert picture.info.get("icc_profile", b"") == still.icc
    assert picture.has_transparency_data is still.alpha
    if still.alpha:
        alpha = np.asarray(picture.getchannel("A"), np.int16)
        assert np.abs(alpha - stills.transparency()).max() <= 1
    if still.exif:
        kept = picture.getexif()
        assert kept[0x010F] == stills.CAMERA
        assert kept.get(0x0112, 1) == 1
        assert kept.get_ifd(0x8769)[0x9003] == stills.DATE
        assert kept.get_ifd(0x8825)[2] == stills.LATITUDE


@pytest.mark.parametrize("still", STILLS, ids=lambda still: still.name)
def test_as_a_painting_or_a_mask_it_is_read_as_it_is_seen(still, tmp_path):
    path = tmp_path / still.name
    still.make(path)
    image = read_picture(path).astype(np.float64)
    rows = image[8 : stills.SIDE - 8].reshape(-1, 6, stills.SIDE, 3)[:, :, 10:-10]
    np.testing.assert_allclose(rows.mean((0, 2)), stills.COLOURS, atol=still.tolerance)


def test_heic_is_a_picture_everywhere(untouched, cli, style, tmp_path):
    folder = tmp_path / "phone"
    folder.mkdir()
    (folder / "IMG_1.HEIC").write_bytes(HEIC.read_bytes())
    (folder / "no_suffix").write_bytes(HEIC.read_bytes())
    made = untouched(folder)
    assert [path.name for path in made] == ["IMG_1.png", "no_suffix.png"]
    for path in made:
        np.testing.assert_array_equal(np.asarray(Image.open(path)), read_picture(HEIC))
    masked = tmp_path / "masked.png"
    assert cli("image", HEIC, "--mask", HEIC, "-o", masked, "--style", style)[0] == 0


@pytest.mark.parametrize("name", ["still.heic", "still.avif", "no_suffix"])
def test_a_still_is_no_film(cli, style, tmp_path, name):
    """FFmpeg opens it as a film of one tile, or of one frame."""
    path = tmp_path / name
    if path.suffix == ".avif":
        stills.pil()(path)
    else:
        path.write_bytes(HEIC.read_bytes())
    code, _, said = cli("video", path, "-o", tmp_path / "out.mp4", "--style", style)
    assert code == 2
    assert "is a picture, not a video; use: realtime-nst image" in said


def test_pictures_of_one_stem_get_a_name_each(untouched, tmp_path):
    folder = tmp_path / "phone"
    folder.mkdir()
    (folder / "a.heic").write_bytes(HEIC.read_bytes())
    stills.pil()(folder / "a.png")
    stills.pil()(folder / "a.jpg")
    assert [path.name for path in untouched(folder)] == ["a.heic.png", "a.jpg", "a.png"]


def test_heic_is_assembled_from_its_tiles(tmp_path):
    path = stills.tiled_heic(tmp_path / "tiles.heic")
    image = read_picture(path).astype(np.float64)
    assert image.shape == (2 * stills.TILE, 3 * stills.TILE, 3)
    tiles = image.reshape(2, stills.TILE, 3, stills.TILE, 3).mean((1, 3)).reshape(6, 3)
    np.testing.assert_allclose(tiles, stills.COLOURS, atol=3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_jpeg_xl(untouched, tmp_path, mode):
    pytest.importorskip("pillow_jxl")
    path = tmp_path / "new.jxl"
    stills.pil(alpha=mode == "RGBA", mode=mode, lossless=True)(path)
    (tmp_path / "made").mkdir()
    (made,) = untouched(path)
    assert made.name == "new.png"
    expected = Image.fromarray(stills.patches()).convert(mode.removesuffix("A")).convert("RGB")
    if mode != "RGBA":
        np.testing.assert_array_equal(np.asarray(Image.open(made).convert("RGB")), expected)
    else:
        np.testing.assert_array_equal(
            np.asarray(Image.open(made).getchannel("A")), stills.transparency()
        )


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_tone_mapped(tmp_path, transfer):
    path = tmp_path / "hdr.png"
    stills.hdr_png(transfer)(path)
    made = read_picture(path)[stills.SIDE, stills.SIDE // 2 :: stills.SIDE].astype(np.float64)
    wanted = np.array([stills.eetf(nits) for nits in stills.NITS])
    np.testing.assert_allclose(made, np.repeat(wanted[:, None], 3, 1), atol=3)
    assert (np.diff(made[:, 0]) > 0).all(), "bright skies keep their clouds"


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_keeps_its_colour_resolution(untouched, tmp_path, subsampling):
    path = tmp_path / "photo.jpg"
    Image.fromarray(stills.patches()).save(path, subsampling=subsampling)
    assert get_sampling(Image.open(untouched(path, into="out.jpg"))) == subsampling


@pytest.mark.parametrize("icc", [stills.P3_ICC, stills.ADOBE_ICC])
def test_colours_beyond_srgb_stay_where_nothing_is_painted(untouched, tmp_path, icc):
    path = tmp_path / "vivid.png"
    image = np.zeros((16, 16, 3), np.uint8)
    image[..., 1] = 255
    Image.fromarray(image).save(path, icc_profile=icc)
    (tmp_path / "made").mkdir()
    (made,) = untouched(path)
    np.testing.assert_array_equal(np.asarray(Image.open(made)), image)


def test_a_painting_is_written_in_the_space_of_the_photo(cli, style, tmp_path):
    plain, wide = tmp_path / "plain.png", tmp_path / "wide.png"
    (tmp_path / "made").mkdir()
    Image.fromarray(stills.patches()).save(plain)
    stills.pil(icc=stills.P3_ICC)(wide)
    for path in (plain, wide):
        out = tmp_path / "made" / path.name
        assert cli("image", path, "-o", out, "--style", style)[0] == 0
    made = [stills.seen(tmp_path / "made" / path.name) for path in (plain, wide)]
    np.testing.assert_allclose(*made, atol=3)


def test_what_shows_through_is_not_painted_in(cli, style, tmp_path):
    """Over white, the result is what the picture over white becomes."""
    clear, white = tmp_path / "clear.png", tmp_path / "white.png"
    (tmp_path / "made").mkdir()
    stills.pil(alpha=True)(clear)
    Image.fromarray(read_picture(clear)).save(white)
    for path in (clear, white):
        out = tmp_path / "made" / path.name
        assert cli("image", path, "-o", out, "--style", style)[0] == 0
    opaque = stills.transparency() == 255
    made, flat = (read_picture(tmp_path / "made" / path.name) for path in (clear, white))
    np.testing.assert_array_equal(made[opaque], flat[opaque])
    assert Image.open(tmp_path / "made" / "clear.png").mode == "RGBA"


@pytest.mark.parametrize("size", ["32", "96x32"])
def test_transparency_follows_the_size(cli, style, tmp_path, size):
    path, out = tmp_path / "clear.png", tmp_path / "out.png"
    stills.pil(alpha=True)(path)
    options = ("--style", style, "--strength", "0", "--size", size)
    assert cli("image", path, "-o", out, *options)[0] == 0
    picture = Image.open(out)
    assert (picture.size, picture.mode) == ((96, 32), "RGBA")
    alpha = np.asarray(picture.getchannel("A"))
    assert (alpha[:15] == 255).all()
    assert (alpha[25:] == 0).all()


def test_transparency_becomes_white_where_the_format_has_none(untouched, tmp_path):
    path = tmp_path / "clear.png"
    stills.pil(alpha=True)(path)
    for suffix in (".jpg", ".bmp"):
        made = np.asarray(Image.open(untouched(path, into=f"out{suffix}")), np.int16)
        np.testing.assert_allclose(made[stills.transparency() == 0], 255, atol=10)


TOLD = [".jpg", ".png", ".webp", ".tif"]


@pytest.mark.parametrize("target", TOLD)
@pytest.mark.parametrize("source", TOLD)
def test_xmp_and_iptc_stay_and_are_true(untouched, tmp_path, source, target):
    path = stills.told(tmp_path / f"photo{source}")
    made = untouched(path, into=f"out{target}")
    picture = Image.open(made)
    packet = picture.info["xmp"]
    assert b"<dc:title>" + stills.TITLE in packet
    assert b'tiff:Orientation="6"' not in packet
    assert b'tiff:ImageWidth="192"' in packet
    assert b"<exif:PixelXDimension>192<" in packet
    assert b"THUMBNAIL" not in packet
    assert b"MotionPhoto=" not in packet
    assert picture.getexif()[0x010F] == stills.CAMERA
    held = source in (".jpg", ".tif")
    kept = held and target in (".jpg", ".tif")
    assert stills.iptc_of(picture) == (stills.IPTC if kept else b"")
    assert ("without its IPTC data" in untouched.said) is (held and not kept)
    np.testing.assert_allclose(stills.seen(made), stills.COLOURS, atol=5)


@pytest.mark.parametrize("suffix", TOLD)
@pytest.mark.parametrize("strip", [[], ["--strip"]])
def test_an_orientation_told_by_xmp_alone_is_applied_once(untouched, tmp_path, suffix, strip):
    path = stills.told(tmp_path / f"photo{suffix}", told_by_exif=False)
    made = untouched(path, *strip, into=f"out{suffix}")
    np.testing.assert_allclose(stills.seen(made), stills.COLOURS, atol=5)
    np.testing.assert_allclose(stills.seen(path), stills.COLOURS, atol=5)


@pytest.mark.parametrize("suffix", TOLD)
def test_strip_leaves_tags_out_and_the_picture_upright(untouched, tmp_path, suffix):
    made = untouched(stills.told(tmp_path / f"photo{suffix}"), "--strip", into=f"out{suffix}")
    data = made.read_bytes()
    assert not any(part in data for part in (stills.TITLE, stills.CAMERA.encode(), b"xmpmeta"))
    np.testing.assert_allclose(stills.seen(made), stills.COLOURS, atol=5)


def test_strip_leaves_the_colour_profile(untouched, tmp_path):
    path = tmp_path / "photo.jpg"
    stills.pil(turned=6, icc=stills.P3_ICC)(path)
    made = untouched(path, "--strip", into="out.jpg")
    assert Image.open(made).info["icc_profile"] == stills.P3_ICC


@pytest.mark.parametrize(
    ("tag", "lost"), [(0x927C, "the notes of its camera"), (0x9286, "its EXIF data")]
)
def test_exif_data_too_large_for_jpeg_are_shortened_with_a_notice(untouched, tmp_path, tag, lost):
    path, data = tmp_path / "photo.png", Image.Exif()
    data[0x010F], data[0x8769] = stills.CAMERA, {0x9003: stills.DATE, tag: b"n" * 70_000}
    Image.fromarray(stills.patches()).save(path, exif=data.tobytes())
    kept = Image.open(untouched(path, into="out.jpg")).getexif()
    assert f"out.jpg is without {lost}, as JPEG holds 64 KB" in untouched.said
    assert kept.get(0x010F) == (stills.CAMERA if tag == 0x927C else None)
    assert 0x927C not in kept.get_ifd(0x8769)


def test_the_thumbnail_of_the_photo_does_not_stay(untouched, tmp_path):
    path = tmp_path / "photo.jpg"
    data, thumbnail = stills.exif_with_thumbnail()
    Image.fromarray(stills.patches()).save(path, exif=data)
    assert thumbnail in path.read_bytes()
    made = untouched(path, into="out.jpg")
    assert thumbnail not in made.read_bytes()
    kept = Image.open(made).getexif()
    assert kept[0x010F] == stills.CAMERA
    assert not kept.get_ifd(1)
    assert kept.get_ifd(0x8769)[0xA002] == 192


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM+*\0\0\0\x08\0\0\0\0\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\xf0\0\0\0\0\0\0\0",
        b"\xff" * 40,
    ],
)
def test_damaged_exif_is_no_hindrance(untouched, tmp_path, data, suffix):
    path = tmp_path / "photo.jpg"
    Image.fromarray(stills.patches()).save(path, exif=data, icc_profile=b"no profile")
    made = untouched(path, into=f"out{suffix}")
    np.testing.assert_allclose(stills.seen(made), stills.COLOURS, atol=5)


def test_a_folder_says_what_was_skipped_and_why(untouched, tmp_path):
    folder = tmp_path / "holidays"
    (folder / "more").mkdir(parents=True)
    stills.pil()(folder / "a.png")
    stills.pil(format="JPEG")(folder / "b")
    (folder / "notes.txt").write_text("no picture")
    (folder / "clip.mp4").write_bytes(b"video")
    (folder / ".hidden.png").touch()
    (folder / "gone.jpg").symlink_to("nowhere")
    stills.pil(format="TIFF")(folder / "raw.NEF")
    assert [path.name for path in untouched(folder)] == ["a.png", "b.png"]
    assert untouched.said.strip() == (
        "note: 6 skipped: .hidden.png (hidden); clip.mp4 (a video); gone.jpg (a link to nothing); "
        "more (a folder); notes.txt (not a picture); raw.NEF (a camera's raw file)"
    )


def test_without_its_package_jpeg_xl_is_named_and_the_others_are_painted(
    cli, style, tmp_path, monkeypatch
):
    monkeypatch.setitem(packages.EXTRAS, "jxl", ("no_such_package",))
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jxl").write_bytes(b"\xff\x0a" + bytes(40))
    stills.pil()(folder / "b.png")
    code, _, said = cli("image", folder, "-o", tmp_path / "made", "--style", style)
    assert code == 1
    assert "a.jxl' cannot be read" in said
    assert "realtime_nst[jxl]" in said
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["b.png"]


def test_a_raw_file_is_not_its_thumbnail(cli, style, tmp_path):
    path = tmp_path / "raw.dng"
    stills.pil(format="TIFF")(path)
    code, _, said = cli("image", path, "-o", tmp_path / "out.png", "--style", style)
    assert code == 1
    assert "is a camera's raw file; develop it" in said


@pytest.mark.parametrize("size", [(8, 8), (256, 256), (300, 200), (31, 9000), (1600, 900)])
def test_the_size_of_a_jpeg_xl_is_read_without_decoding(tmp_path, size):
    pytest.importorskip("pillow_jxl")
    for options in ({}, {"exif": stills.exif()}):  # with EXIF data it is in a container
        path = tmp_path / "new.jxl"
        Image.new("RGB", size).save(path, effort=1, **options)
        assert jxl_size(path.read_bytes()) == size
    assert jxl_size(b"\0\0\0\x0cJXL ") == (0, 0)


@pytest.mark.parametrize("name", ["bomb.png", "bomb.gif", "bomb.tif", "bomb.webp", "bomb.jpg"])
def test_a_size_beyond_measure_is_refused_by_the_header(cli, style, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(stills.bomb(path.suffix))
    code, _, said = cli("image", path, "-o", tmp_path / "out.png", "--style", style)
    assert code == 1
    assert "million are the most that are read" in said or "not a picture" in said
    assert said.count("\n") == 1


def _played(path):
    """Delay, colour at the top, and transparency at the bottom of each picture."""
    picture, found = Image.open(path), []
    for number in range(picture.n_frames):
        picture.seek(number)
        image = np.asarray(picture.convert("RGBA"), np.int16)
        found.append((picture.info["duration"], image[4, 24, :3], image[28, 24, 3]))
    return found, picture.info.get("loop")


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("source", [".gif", ".png", ".webp"])
@pytest.mark.parametrize("target", [".gif", ".png", ".webp"])
def test_an_animation_comes_out_whole(untouched, tmp_path, source, target, alpha):
    path = stills.animation(tmp_path / f"in{source}", alpha)
    made, loop = _played(untouched(path, into=f"out{target}"))
    assert loop == 3
    assert [delay for delay, _, _ in made] == stills.DELAYS
    np.testing.assert_allclose([colour for _, colour, _ in made], stills.COLOURS[2:5], atol=6)
    assert [below for _, _, below in made] == [0 if alpha else 255] * 3


@pytest.mark.parametrize("progressive", [False, True])
def test_of_a_cut_jpeg_what_is_there_is_painted_and_said(cli, style, tmp_path, progressive):
    path, out = tmp_path / "photo.jpg", tmp_path / "out.png"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data, _ = stills.exif_with_thumbnail()  # which has an end of its own
    Image.fromarray(noise).save(path, exif=data, progressive=progressive)
    whole = read_picture(path)
    path.write_bytes(path.read_bytes()[:-500])
    code, _, said = cli("image", path, "-o", out, "--style", style, "--strength", "0")
    assert code == 1
    assert "photo.jpg' is cut off; what is there is shown" in said
    np.testing.assert_allclose(read_picture(out)[:16], whole[:16], atol=255 if progressive else 0)


def test_of_a_gif_cut_between_pictures_those_before_are_painted(cli, style, tmp_path):
    path, out = stills.animation(tmp_path / "in.gif"), tmp_path / "out.gif"
    path.write_bytes(path.read_bytes()[:-80])
    code, _, said = cli("image", path, "-o", out, "--style", style, "--strength", "0")
    assert code == 1
    assert "in.gif' is cut off; what is there is shown" in said
    assert Image.open(out).size == (48, 32)


def test_animations_among_stills(untouched, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    stills.animation(folder / "a.gif")
    stills.pil()(folder / "b.png")
    stills.pil(mode="P")(folder / "c.gif")
    made = untouched(folder)
    assert [path.name for path in made] == ["a.gif", "b.png", "c.png"]
    assert [getattr(Image.open(path), "n_frames", 1) for path in made] == [3, 1, 1]


def test_the_first_of_several_pictures_is_said_to_be_that(untouched, tmp_path):
    made = untouched(stills.animation(tmp_path / "in.gif"), into="out.jpg")
    assert np.allclose(np.asarray(Image.open(made))[4, 24], stills.COLOURS[2], atol=4)
    assert "first of 3 pictures of an animation" in untouched.said
    pages = tmp_path / "pages.tif"
    page = Image.fromarray(stills.patches())
    page.save(pages, save_all=True, append_images=[page, page])
    untouched(pages, into="page.png")
    assert "pages.tif holds 3 pictures; only the first is painted" in untouched.said


@pytest.mark.parametrize("suffix", [".gif", ".png"])
def test_of_a_cut_animation_the_whole_pictures_are_kept(cli, style, tmp_path, suffix):
    path, out = stills.animation(tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}"
    path.write_bytes(path.read_bytes()[:-40])
    code, _, said = cli("image", path, "-o", out, "--style", style, "--strength", "0")
    assert code == 1
    assert "is damaged from picture 3 of 3 on; those before it are painted" in said
    assert [delay for delay, _, _ in _played(out)[0]] == stills.DELAYS[:2]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (
            "PIL.Image.Image.crop",
            "cannot be decoded: not enough memory; try a smaller copy",
        ),
        ("realtime_nst.pipeline.run", "there is not enough memory for this; choose a smaller"),
    ],
)
def test_memory_that_runs_out_is_an_error_of_one_line(
    cli, style, tmp_path, monkeypatch, where, said
):
    def run_out(*_arguments):
        raise MemoryError

    path = stills.animation(tmp_path / "in.gif", alpha=True)
    monkeypatch.setattr(where, run_out)
    code, _, err = cli("image", path, "-o", tmp_path / "out.png", "--style", style)
    assert code == 1
    assert said in err
    assert err.count("\n") == 1


def test_tags_that_are_absurd_are_no_error(tmp_path):
    xmp = b'<rdf:RDF tiff:Orientation="' + b"7" * 5000 + b'"/>'
    Image.new("RGB", (16, 16)).save(tmp_path / "a.jpg", xmp=xmp)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[271], tags[271] = TiffTags.DOUBLE, (1.5,)  # Make, which is a text
    Image.new("RGB", (16, 16)).save(tmp_path / "b.tif", tiffinfo=tags)
    for name in ("a.jpg", "b.tif"):
        assert read_picture(tmp_path / name).shape == (16, 16, 3)
