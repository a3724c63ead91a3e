"""Every benchmark case, measured at a tiny size: unique keys, and the columns of the report."""

import hashlib
import subprocess
from dataclasses import replace
from importlib.util import find_spec

import bench_factory
import cv2
import model_factory
import numpy as np
import painter_factory
import pytest

from realtime_nst.bench.case import LeftOut
from realtime_nst.bench.cases import (
    _clips,
    _common,
    _macs,
    baseline,
    ceiling,
    load_cases,
    reference,
)
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer
from realtime_nst.errors import MediaError, RealtimeNstError, UsageError
from realtime_nst.metrics.grid import grid
from realtime_nst.runtime import styles
from realtime_nst.runtime.providers import available
from realtime_nst.sources.synthetic import SyntheticSource

TINY = Timer(repetitions=2, warm_up=1, budget=1.0, least=1)


@pytest.fixture
def settings(tmp_path):
    """A tiny style on the CPU at a small size."""
    card = model_factory.card(quality={"content": 0.5, "style": 0.25})
    style = model_factory.write_style(tmp_path / "tiny.onnx", card=card)
    provider = next(row.name for row in available() if row.name in ("cpu", "openvino"))
    return Settings((str(style),), (provider,), ((96, 64),), quick=True)


def rows_of(name, settings, units=None):
    """The rows of the case's first ``units`` (default: of all)."""
    (case,) = load_cases([name])
    measured = list(case.units(settings))[:units]
    rows = [row for unit in measured for row in unit.measure(settings, TINY)]
    assert not any(row.key.keys() & row.figures.keys() for row in rows), "the report refuses them"
    return rows


def with_more_readings(figure):
    """The name that a figure of time has after five readings or more."""
    for few, many in (("lowest", "p5"), ("highest", "p95")):
        for unit in ("ms", "seconds"):
            figure = figure.replace(f"{few} {unit}", f"{many} {unit}")
    return figure


@pytest.mark.parametrize("name", bench_factory.COLUMNS)
def test_a_case_gives_the_columns_the_report_reads(name, settings, monkeypatch):
    monkeypatch.setattr(reference, "NETWORK", "fast:width=8,blocks=1")
    rows = rows_of(name, settings)
    key, figures = bench_factory.COLUMNS[name]
    assert rows
    assert {frozenset(row.key) for row in rows} == {frozenset(key)}
    measured = [row for row in rows if row.figures.get("median ms", 0) is not None]
    assert {frozenset(map(with_more_readings, row.figures)) for row in measured} == {
        frozenset(figures)
    }
    assert len({tuple(row.key.values()) for row in rows}) == len(rows)
    for row in rows:
        assert all(np.isfinite(reading).all() for reading in row.samples.values())


def test_the_baseline_gives_times_and_what_each_network_is_faster(settings, tmp_path, monkeypatch):
    learning_factory = pytest.importorskip("learning_factory", exc_type=ImportError)
    monkeypatch.setattr(baseline, "QUICK_SIDES", (32,))
    monkeypatch.setattr(baseline, "PAINTING", 32)
    weights = learning_factory.write_vgg19(tmp_path / "vgg.safetensors")
    rows = rows_of("baseline", replace(settings, loss_weights=(weights,)))
    step, *times, faster = rows
    assert dict(step.key) == {"size": "32x32", "what": "one step"}
    assert len(step.samples["median ms"]) == step.figures["steps timed"]
    assert [dict(row.key) for row in times] == [
        {"size": "32x32", "steps": steps} for steps in ("100", "300", "500")
    ]
    assert {row.figures["weights"] for row in times} == {"VGG-19"}
    seconds = [row.figures["seconds"] for row in times]
    assert 0 < seconds[0] < seconds[1] < seconds[2]
    assert faster.figures["x 500 low"] <= faster.figures["x 500 steps"]
    assert faster.figures["x 500 steps"] <= faster.figures["x 500 high"]
    assert set(faster.key) == {"size", "network", "provider"}
    assert faster.figures["x 500 steps"] == pytest.approx(seconds[2] * 1000 / faster.figures["ms"])


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(settings, step_seconds, steps, network_seconds=0.0):
    """The watch of a run of at most ``steps``, on a clock of its own."""
    clock = Clock()

    def network() -> None:
        clock.now += network_seconds

    watch = baseline.Watch({("tiny", "cpu"): network}, settings, replace(TINY, clock=clock))
    step = type("Step", (), {"steps": 500})
    for _ in range(steps + 1):
        clock.now += step_seconds
        try:
            watch(step)
        except baseline.Enough:
            break
    return watch


def test_what_is_not_run_in_full_is_scaled_and_says_so(settings):
    watch = watched(settings, step_seconds=2.0, steps=500)
    seconds, how = watch.seconds(500)
    done = len(watch.at) - 1
    assert done < 20
    assert how == f"scaled from {done} steps"
    assert seconds == pytest.approx(500 * 2.0)


def test_the_networks_turns_are_not_counted_as_optimisation(settings):
    watch = watched(replace(settings, quick=False), 0.5, 500, network_seconds=7.0)
    assert watch.seconds(300) == (pytest.approx(300 * 0.5), "measured")
    assert watch.seconds(500) == (pytest.approx(500 * 0.5), "measured")
    assert len(watch.readings["tiny", "cpu"]) > 10
    assert set(watch.readings["tiny", "cpu"]) == {7.0}


def test_the_ceiling_names_what_it_is_and_the_share_of_it(settings, monkeypatch):
    pytest.importorskip("torch", exc_type=ImportError)
    monkeypatch.setattr(ceiling, "SIDE", 128)
    monkeypatch.setattr(ceiling, "MIB", 1)
    *machine, network = rows_of("ceiling", settings)
    products = [f"matrix product {name}" for name in ("f32", "bf16", "int8")]
    assert [row.key["what"] for row in machine] == [*products, "copy"]
    spread = {"GB/s", "lowest GB/s", "highest GB/s", "of the ceiling %"}
    assert set(machine[-1].figures) == spread
    assert {row.figures["of the ceiling %"] for row in machine} == {None}
    kind = "bf16" if "bf16" in network.key["provider"] else "f32"
    top = next(row.figures["GMAC/s"] for row in machine if row.key["what"].endswith(kind))
    assert network.figures["of the ceiling %"] == pytest.approx(
        100 * network.figures["GMAC/s"] / top
    )


@pytest.mark.parametrize("name", ["baseline", "reference", "ceiling"])
def test_without_torch_a_case_is_left_out(name, settings, monkeypatch):
    monkeypatch.setattr("realtime_nst.packages.find_spec", lambda package: None)
    with pytest.raises(LeftOut, match=r"torch.*pip install"):
        rows_of(name, settings)


def with_a_painting(settings, folder):
    """``settings`` with a loss network, and with a style whose painting is there."""
    learning_factory = pytest.importorskip("learning_factory", exc_type=ImportError)
    (folder / "paintings").mkdir()
    painting = learning_factory.write_painting(folder / "paintings" / "stripes.png")
    digest = hashlib.sha256(painting.read_bytes()).hexdigest()
    card = model_factory.card(recipe={"painting_sha256": digest}, quality={"content": 9.0})
    return replace(
        settings,
        styles=(str(model_factory.write_style(folder / "known.onnx", card=card)),),
        paintings=folder / "paintings",
        loss_weights=(learning_factory.write_vgg19(folder / "vgg.safetensors"),),
    )


def test_quality_is_measured_on_photos_where_all_is_at_hand(settings, tmp_path):
    asked = with_a_painting(settings, tmp_path)
    learning_factory = pytest.importorskip("learning_factory", exc_type=ImportError)
    photos = learning_factory.write_photos(tmp_path / "photos", 3, (64, 80))
    (row,) = rows_of("quality", replace(asked, photos=photos))
    assert row.figures["measured on"] == "3 photos"
    assert 0 < row.figures["content loss"] < 9
    assert row.figures["deep style loss"] > 0


def test_a_painting_is_measured_as_a_style_and_against_itself(settings, tmp_path, monkeypatch):
    learning_factory = pytest.importorskip("learning_factory", exc_type=ImportError)
    painter_factory.install(tmp_path / "installed", monkeypatch)
    red = painter_factory.painting(tmp_path / "red.png", (250, 20, 20), (96, 96))
    asked = replace(
        settings,
        styles=(str(red),),
        photos=learning_factory.write_photos(tmp_path / "photos", 3, (64, 80)),
        loss_weights=(learning_factory.write_vgg19(tmp_path / "vgg.safetensors"),),
    )
    (quality,), (network,) = rows_of("quality", asked), rows_of("network", asked)
    assert quality.figures["measured on"] == "3 photos"
    assert quality.figures["style loss"] > 0
    assert network.figures["median ms"] > 0


@pytest.mark.parametrize("name", ["network", "quality", "temporal", "start-up", "end-to-end"])
def test_a_painting_is_played_by_the_painter_asked_for(settings, tmp_path, monkeypatch, name):
    """Also in a process of its own. A painter that is not there is named."""
    red = painter_factory.painting(tmp_path / "red.png", (250, 20, 20), (96, 96))
    painter = model_factory.write_painter(tmp_path / "painter.onnx")
    asked = replace(settings, styles=(str(red),), painter=str(painter))
    monkeypatch.setattr(styles, "folder", lambda: None)
    assert rows_of(name, asked, units=1)
    with pytest.raises(RealtimeNstError, match=r"gone\.onnx"):
        rows_of(name, replace(asked, painter=str(tmp_path / "gone.onnx")), units=1)


def test_stillness_is_told_beside_style_and_content(settings, tmp_path):
    rows = rows_of("temporal", with_a_painting(settings, tmp_path))
    for row in rows:
        assert row.figures["style loss"] > 0
        assert (row.figures["content loss"] > 0) == (row.key["way"] != "source")
    per_frame = [row for row in rows if row.key["way"] == "per frame"]
    assert {row.figures["style loss ratio"] for row in per_frame} == {1.0}
    assert {row.figures["sharpness ratio"] for row in per_frame} == {1.0}


def write_flow(path, flow):
    """Write Middlebury's format, in which Sintel's flow is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = flow.shape[:2]
    sizes = np.array([width, height], "<i4").tobytes()
    path.write_bytes(b"PIEH" + sizes + flow.astype("<f4").tobytes())


def write_mask(path, mask):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), mask.astype(np.uint8) * 255)


@pytest.fixture(params=["published", "by itself"])
def sintel(request, tmp_path):
    """(folder, name, paths of the ground truth) of noise that moves by whole pixels, except for a
    hidden and an invalid patch. The second of its two steps has no occlusion."""
    published = request.param == "published"
    root = tmp_path / "sintel"
    scene = root / "clean" / "alley" if published else root / "alley"
    truth = {
        kind: root / folder / "alley" if published else scene / own
        for kind, folder, own in (
            ("flow", "flow", "gt"),
            ("occluded", "occlusions", "gt/occlusions"),
            ("invalid", "invalid", "gt/invalid"),
        )
    }
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    frames = [np.roll(noise, (2 * n, -3 * n), (0, 1)) for n in range(3)]
    flow = np.tile([-3, 2], (48, 64, 1))
    hidden, wrong = np.zeros((2, 48, 64), bool)
    hidden[10:20, 10:20] = wrong[30:35, 40:50] = True
    frames[1][12:22, 7:17] = frames[1][32:37, 37:47] = 0
    scene.mkdir(parents=True)
    for n, frame in enumerate(frames, 1):
        cv2.imwrite(str(scene / f"frame_{n:04}.png"), frame)
    for n in (1, 2):
        write_flow(truth["flow"] / f"frame_{n:04}.flo", flow)
    write_mask(truth["occluded"] / "frame_0001.png", hidden)
    write_mask(truth["invalid"] / "frame_0001.png", wrong)
    return root, "sintel/clean/alley" if published else "sintel/alley", truth


def rows_of_unit(name, settings):
    (case,) = load_cases(["temporal"])
    (unit,) = [unit for unit in case.units(settings) if unit.name == name]
    return unit.measure(settings, TINY)


def test_on_sintel_what_moves_as_its_true_flow_says_is_no_error(settings, sintel):
    """The network paints each pixel by itself, so the painting moves exactly like the source."""
    folder, name, truth = sintel
    asked = replace(settings, sintel=folder)
    per_frame, *others = rows_of_unit(name, asked)
    assert per_frame.key["way"] == "per frame"
    assert per_frame.figures["e_stab"] == 0
    assert per_frame.figures["flow"] == "exact"
    assert per_frame.figures["e_stab 5"] is None
    assert [row.key["way"] for row in others][-1] == "source"
    (truth["invalid"] / "frame_0001.png").unlink()
    assert rows_of_unit(name, asked)[0].figures["e_stab"] > 0.01


@pytest.mark.parametrize("broken", ["flow", "occluded"])
def test_what_is_broken_of_sintel_is_named(settings, sintel, broken):
    folder, name, truth = sintel
    (path,) = list(truth[broken].glob("frame_0001.*"))
    if broken == "flow":
        path.write_bytes(path.read_bytes()[:100])
    else:
        write_mask(path, np.zeros((8, 8)))
    with pytest.raises(MediaError, match=path.name):
        rows_of_unit(name, replace(settings, sintel=folder))


def test_a_folder_without_a_known_step_is_refused(settings, sintel):
    folder, _, truth = sintel
    (truth["occluded"] / "frame_0001.png").unlink()
    with pytest.raises(UsageError, match=r"`sintel`.*sintel"):
        rows_of("temporal", replace(settings, sintel=folder))


def test_raft_gives_flow_of_the_size_of_the_picture(tmp_path):
    if find_spec("torchvision") is None:
        pytest.skip("needs torchvision, of the extra 'bench'")
    from safetensors.torch import save_file

    save_file(_clips.raft_small().state_dict(), tmp_path / "raft.safetensors")
    estimate = _clips.raft(tmp_path / "raft.safetensors")
    image = SyntheticSource(130, 129).picture(0)
    assert estimate(image, image).shape == (129, 130, 2)


def test_quality_is_the_cards_without_photos(settings):
    (row,) = rows_of("quality", settings)
    assert row.figures["content loss (card)"] == 0.5
    assert row.figures["style loss (card)"] == 0.25
    assert row.figures["deep style loss (card)"] is None
    assert row.figures["measured on"] == "card"


def test_gmac_are_counted_by_hand(tmp_path):
    """A 1x1 convolution of 12 to 12 channels at half of 8x6 pixels: 12 x 12 x 4 x 3 = 1728."""
    style = model_factory.write_style(tmp_path / "tiny.onnx", block=2)
    assert _macs.gmac(style, 8, 6) == pytest.approx(1728e-9)


def test_a_run_that_fails_says_why_in_one_line(settings):
    with pytest.raises(RealtimeNstError, match="no-such") as caught:
        rows_of("end-to-end", replace(settings, styles=("no-such",)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("1 / 0", RuntimeError),
        ("import os; os.abort()", RuntimeError),
        ("import sys; print('no camera', file=sys.stderr); sys.exit(2)", RealtimeNstError),
    ],
)
def test_a_process_that_crashes_is_a_defect_one_that_complains_is_not(code, error):
    with pytest.raises(error):
        _common.python(["-c", code])


def test_a_process_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(_common, "TIME_LIMIT", 0.2)
    with pytest.raises(subprocess.TimeoutExpired):
        _common.python(["-c", "import time; time.sleep(60)"])


def test_the_peak_is_that_of_the_run_not_of_who_started_it():
    held = np.ones(40 * 2**20)  # 320 MiB
    code = "from realtime_nst.bench.cases import _one_run; print(_one_run.peak())"
    assert 10 < float(_common.python(["-c", code])) < held.nbytes / 2**20


def test_the_ceiling_takes_a_size_that_is_no_multiple(settings, monkeypatch):
    pytest.importorskip("torch", exc_type=ImportError)
    monkeypatch.setattr(ceiling, "SIDE", 128)
    monkeypatch.setattr(ceiling, "MIB", 1)
    assert len(rows_of("ceiling", replace(settings, sizes=((65, 65),)))) == 5


def test_a_grid_shows_at_its_period_alone():
    photo = SyntheticSource(160, 128, noise=4).picture(0)
    gridded = photo.copy()
    gridded[::4] = np.clip(gridded[::4].astype(int) + 12, 0, 255)
    gridded[:, ::4] = np.clip(gridded[:, ::4].astype(int) + 12, 0, 255)
    assert grid(photo, photo, 4) == 1
    assert grid(gridded, photo, 4) > 5
    assert grid(gridded, photo, 8) == pytest.approx(1, abs=0.3)


def test_a_grid_is_not_measured_in_small_pictures_or_at_other_periods():
    photo = SyntheticSource(64, 63).picture(0)
    with pytest.raises(UsageError, match="64x63"):
        grid(photo, photo, 4)
    with pytest.raises(UsageError, match="choices: 2, 4, 8"):
        grid(photo, photo, 3)


def test_a_network_for_any_painting_is_also_measured_on_others(settings, tmp_path):
    learning_factory = pytest.importorskip("learning_factory", exc_type=ImportError)
    folder, photos = tmp_path / "atlas", learning_factory.write_photos(tmp_path / "photos", 1)
    folder.mkdir()
    painter = model_factory.write_painter(folder / "any.onnx")
    colours = {"dark": painter_factory.DARK, "light": painter_factory.LIGHT}
    given = replace(
        settings, atlas=folder, photos=photos, painter=str(painter),
        styles=tuple(str(painter_factory.painting(tmp_path / f"{n}.png", c, (96, 96)))
                     for n, c in colours.items()),
        loss_weights=(learning_factory.write_vgg19(tmp_path / "vgg.safetensors"),),
    )  # fmt: skip
    (case,) = load_cases(["atlas"])
    unit = next(unit for unit in case.units(given) if unit.name == "any")
    (row,) = unit.measure(given, TINY)
    for loss in ("style loss", "deep style loss"):
        assert row.figures[loss] != row.figures[f"{loss}, unseen"] > 0


def test_the_atlas_measures_what_is_there_and_says_what_makes_the_rest(settings, tmp_path):
    learning_factory = pytest.importorskip("learning_factory", exc_type=ImportError)
    folder, photos = tmp_path / "atlas", learning_factory.write_photos(tmp_path / "photos", 2)
    (folder / "gatys").mkdir(parents=True)
    model_factory.write_style(folder / "fast.onnx", card=model_factory.card())
    shown = sorted(photos.iterdir())
    for photo in shown:
        (folder / "gatys" / photo.name).write_bytes(shown[0].read_bytes())
    given = replace(settings, atlas=folder, photos=photos)
    before = given.digests()
    (case,) = load_cases(["atlas"])
    rows, left_out = [], {}
    for unit in case.units(given):
        try:
            rows += unit.measure(given, TINY)
        except LeftOut as reason:
            left_out[unit.name] = str(reason)
    fast, gatys = rows
    assert (fast.key["family"], gatys.key["family"]) == ("fast", "gatys")
    assert {"median ms", "MB", "parameters", "training CPU min", "SSIM"} <= fast.figures.keys()
    assert 0 < fast.figures["e_stab"] < 0.2
    assert "median ms" not in gatys.figures
    assert "train-any --paintings PAINTINGS" in left_out["msg-net"]
    page = case.page(given, rows, left_out)
    assert page.count("data:image/jpeg;base64,") == 2 * 3
    assert "http://www.w3.org/2000/svg" in page
    assert "https://" not in page
    assert 'src="' not in page
    assert case.page(replace(given, atlas=None), rows, left_out) is None
    model_factory.write_style(folder / "johnson.onnx", card=model_factory.card())
    assert given.digests() == before  # a family that is added leaves the others as they are
