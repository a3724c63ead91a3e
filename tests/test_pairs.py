"""Moving pictures made from photos, and pairs of frames from clips."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

import gc  # noqa: E402
import os  # noqa: E402

import media_factory  # noqa: E402
import numpy as np  # noqa: E402

from realtime_nst.errors import TrainingError, UsageError  # noqa: E402
from realtime_nst.learning.data import crops as data  # noqa: E402
from realtime_nst.learning.data.clips import ClipPairs, clip_batches, find_clips  # noqa: E402
from realtime_nst.learning.data.frame_pairs import pairs_of_photos  # noqa: E402
from realtime_nst.learning.data.synthetic_flow import MOTIONS  # noqa: E402
from realtime_nst.learning.flow import warp  # noqa: E402
from realtime_nst.learning.tensors import luminance  # noqa: E402
from realtime_nst.learning.training.batches import with_motion  # noqa: E402
from realtime_nst.learning.training.recipe import MOTION_NAMES, Recipe  # noqa: E402
from realtime_nst.sources.video import VideoSource  # noqa: E402

SIDE = 64


def photos(count=2, seed=0):
    """Smooth, so that what interpolation loses is little."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 5, 5, generator=random)
    return torch.nn.functional.interpolate(coarse, (SIDE, SIDE), mode="bicubic").clamp(0.1, 0.9)


def made(motion, seed=0, count=2):
    return pairs_of_photos(photos(count), [motion], torch.Generator().manual_seed(seed))


def clean(monkeypatch, noise=0.0, lit=0.0):
    """No noise and no change of light, so that the motion is all there is."""
    for name, value in {"_NOISE": noise, "_LIT": lit}.items():
        monkeypatch.setattr(f"realtime_nst.learning.data.frame_pairs.{name}", value)


def test_the_recipe_names_all_motions():
    assert tuple(MOTIONS) == MOTION_NAMES


@pytest.mark.parametrize("motion", MOTION_NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_the_later_picture_is_the_earlier_one_moved_along_the_flow(motion, seed, monkeypatch):
    clean(monkeypatch)
    pairs = made(motion, seed)
    assert pairs.earlier.shape == pairs.later.shape == (2, 3, SIDE, SIDE)
    assert pairs.motion.flow.shape == (2, 2, SIDE, SIDE)
    assert set(pairs.motion.visible.unique().tolist()) <= {0.0, 1.0}
    assert pairs.motion.visible.mean() > 0.6
    difference = (warp(pairs.earlier, pairs.motion.flow) - pairs.later).abs()
    assert (difference * pairs.motion.visible).max() < 0.05


@pytest.mark.parametrize("motion", MOTION_NAMES)
def test_pairs_depend_on_the_seed_alone(motion):
    first, same, other = made(motion), made(motion), made(motion, seed=1)
    assert torch.equal(first.later, same.later)
    assert torch.equal(first.motion.flow, same.motion.flow)
    assert not torch.equal(first.later, other.later)


def test_what_is_still_is_noisy_and_what_shifts_does_so_by_whole_pixels():
    still, shifted = made("still"), made("shift")
    assert (still.motion.flow == 0).all()
    assert (still.motion.visible == 1).all()
    assert (still.later != still.earlier).float().mean() > 0.5
    assert torch.equal(shifted.motion.flow, shifted.motion.flow.round())


def test_a_patch_hides_what_it_moves_over_and_moves_by_itself(monkeypatch):
    clean(monkeypatch)
    pairs = made("layers", seed=3)
    inside = made("camera", seed=3).motion.visible
    hidden = (pairs.motion.visible == 0) & (inside == 1)
    assert 0 < hidden.float().mean() < 0.3
    back = warp(pairs.earlier, pairs.motion.flow)
    assert ((back - pairs.later).abs() * hidden).max() > 0.1
    assert (pairs.earlier != photos()).any()


def test_the_change_of_light_is_known(monkeypatch):
    clean(monkeypatch, lit=1.0)
    pairs = made("still")
    assert pairs.motion.lighting.abs().max() > 0.01
    change = luminance(pairs.later) - luminance(pairs.earlier)
    assert torch.allclose(change, pairs.motion.lighting, atol=1e-6)


def test_one_photo_alone_has_layers_too():
    assert len(made("layers", count=1)) == 1


def test_a_batch_has_its_moving_photos_first():
    recipe = Recipe(batch=3, crop=SIDE, temporal_weight=1.0, temporal_pairs=2, motions=("shift",))
    (batch,) = with_motion([photos(3)], iter([None]), recipe, [0], 7)
    assert torch.equal(batch.photos, photos(3))
    assert batch.shown.shape[0] == 5
    seen = batch.temporal_inputs(batch.shown, batch.shown)
    assert torch.equal(seen.results.earlier, batch.photos[:2])
    assert torch.equal(seen.results.later, batch.pairs.later)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Two clips of a picture that moves three pixels to the right a frame."""
    import av

    folder = tmp_path_factory.mktemp("clips")
    scene = (photos(1, seed=5)[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    scene = np.tile(scene, (2, 3, 1))
    for name in ("a.mp4", "b.mkv"):
        with av.open(str(folder / name), "w") as file:
            stream = file.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 96, 80, "yuv420p"
            stream.options = {"crf": "10"}
            for step in range(8):
                left = 60 - 3 * step
                image = np.ascontiguousarray(scene[:80, left : left + 96])
                file.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
            file.mux(stream.encode(None))
    return folder


def test_pairs_of_a_clip_have_its_motion(clips):
    found = find_clips(clips)
    assert [p.name for p in found] == ["a.mp4", "b.mkv"]
    pairs = ClipPairs(found, 48, 0)[0]
    assert pairs.earlier.shape == pairs.later.shape == (1, 3, 48, 48)
    seen = pairs.motion.visible == 1
    assert seen.float().mean() > 0.3
    across = pairs.motion.flow[:, :1][seen].median().abs().item()
    assert 48 / 80 * 3 * 0.8 < across < 48 / 80 * 3 * 1.5  # a zoom of 1 to 1.4
    back = warp(pairs.earlier, pairs.motion.flow)
    difference = (back - pairs.later).abs().mean(1, keepdim=True)[seen].mean()
    assert difference < (pairs.earlier - pairs.later).abs().mean(1, keepdim=True)[seen].mean()


def test_clips_take_their_share_whatever_the_workers_and_where_the_run_begins(clips):
    def of(steps, workers):
        pairs = clip_batches(ClipPairs(find_clips(clips), 48, 0), steps, 2, 0.25, workers)
        return [each and each.later for each in pairs]

    whole = of(range(4), 1)
    assert [each is None for each in whole] == [True, False, True, False]
    rest = of(range(2, 4), 0)
    assert rest[0] is None
    assert torch.equal(rest[1], whole[3])


def test_clips_that_cannot_be_used_are_named(tmp_path, clips):
    with pytest.raises(UsageError, match=r"no such folder.*`clips`"):
        find_clips(tmp_path / "none")
    with pytest.raises(UsageError, match=r"no clips in.*\.mp4"):
        find_clips(tmp_path)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(TrainingError, match=r"broken\.mp4.*remove it"):
        next(clip_batches(ClipPairs(find_clips(tmp_path), 48, 0), range(1), 2, 0.5, 0))


COLLECTS_AT_ONCE = []
"""While it is not empty, a forked process collects its garbage before anything else."""

os.register_at_fork(after_in_child=lambda: COLLECTS_AT_ONCE and gc.collect())


class Collects(torch.utils.data.Dataset):
    """What a worker does at some time or other."""

    def __getitem__(self, index):
        gc.collect()
        return torch.zeros(3, 8, 8, dtype=torch.uint8)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_worker_does_not_wait_for_the_threads_of_a_decoder_that_was_left_open(tmp_path, at_once):
    source = VideoSource(media_factory.clip(tmp_path / "clip.mp4"))
    next(iter(source.__enter__()))
    gc.disable()
    try:
        cycle = [source]
        cycle.append(cycle)
        del cycle, source
        COLLECTS_AT_ONCE[:] = [True] * at_once
        assert len(list(data.batches(Collects(), 1, range(2), workers=1))) == 2
    finally:
        COLLECTS_AT_ONCE.clear()
        gc.enable()
