"""Networks that play more than one style, on every provider: paintings, blends, changes."""

from dataclasses import replace
from fractions import Fraction

import model_factory
import numpy as np
import pytest
from model_factory import card, write_graph, write_painter, write_several, write_style
from painter_factory import COLOURS, frames_meanwhile, painting

from realtime_nst.errors import ModelError, ProviderError, UsageError
from realtime_nst.runtime.providers import PROVIDERS, available
from realtime_nst.runtime.stages import Stylise
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.stream import Frame

DARK, LIGHT = (10, 20, 30), (60, 50, 40)
_PRESENT = [row.name for row in available() if not row.int8]


@pytest.fixture(params=_PRESENT)
def provider(request):
    return request.param


@pytest.fixture
def painter(tmp_path):
    return write_painter(tmp_path / "any.onnx")


@pytest.fixture
def several(tmp_path):
    return write_several(tmp_path / "several.onnx", COLOURS)


@pytest.fixture
def dark(tmp_path):
    return str(painting(tmp_path / "dark.png", DARK))


@pytest.fixture
def light(tmp_path):
    return str(painting(tmp_path / "light.png", LIGHT))


@pytest.fixture
def image():
    return np.random.default_rng(3).integers(0, 100, (33, 47, 3), dtype=np.uint8)


def _assert_adds(result, image, colour):
    wanted = image + np.round(colour)
    assert result.shape == image.shape
    assert np.abs(result.astype(int) - wanted).max() <= 1


def test_a_painting(painter, dark, image, provider):
    stylizer = Stylizer(dark, provider, painter=painter)
    _assert_adds(stylizer(image), image, DARK)
    assert (stylizer.card.title, stylizer.card.artist) == ("dark", "")
    assert stylizer.provider.startswith(provider)


def test_a_style_of_several(several, image, provider):
    _assert_adds(Stylizer("blue", provider, painter=several)(image), image, COLOURS["blue"])


def test_blends(painter, several, dark, light, image, provider):
    stylizer = Stylizer(f"{dark}:1,{light}:3", provider, painter=painter)
    _assert_adds(stylizer(image), image, np.average([DARK, LIGHT], 0, [1, 3]))
    assert stylizer.card.title == "dark 25%, light 75%"
    wanted = np.average(list(COLOURS.values()), 0, [3, 1])
    _assert_adds(Stylizer("red:3,blue", provider, painter=several)(image), image, wanted)


def test_weights_1_and_0_are_the_single_one_to_the_bit(
    painter, several, dark, light, image, provider
):
    for network, one, other in ((painter, dark, light), (several, "red", "blue")):
        alone = Stylizer(one, provider, painter=network)
        for spec in (f"{one}:1,{other}:0", f"{other}:0,{one}:0.2", f"{one}:9"):
            blended = Stylizer(spec, provider, painter=network)
            assert (blended(image) == alone(image)).all()


def test_every_size(painter, dark, provider):
    stylizer = Stylizer(dark, provider, painter=painter)
    for height, width in ((48, 64), (1, 1), (2, 300), (48, 64)):
        image = np.full((height, width, 3), 7, np.uint8)
        _assert_adds(stylizer(image), image, DARK)
    stylizer.prepare(20, 30)
    _assert_adds(stylizer(np.zeros((30, 20, 3), np.uint8)), np.zeros((30, 20, 3), int), DARK)


def test_strength_0_is_the_source(painter, dark, image):
    frame = Frame(image, 0, Fraction(0), 0.0)
    stylizer = Stylizer(dark, "cpu", painter=painter)
    assert Stylise(stylizer, 0.0)(frame) is frame


def test_another_painting_compiles_nothing(painter, dark, light, image, provider, monkeypatch):
    row, compiled = PROVIDERS[provider], []

    def counting(model):
        session = row.open(model)
        compile = session._compile
        session._compile = lambda *size: compiled.append(size) or compile(*size)
        return session

    monkeypatch.setitem(PROVIDERS, provider, replace(row, open=counting))
    stylizer = Stylizer(dark, provider, painter=painter)
    for spec, colour in ((dark, DARK), (light, LIGHT), (f"{dark},{light}", (35, 35, 35))):
        stylizer.set_style(spec)
        _assert_adds(stylizer(image), image, colour)
    assert compiled == [image.shape[:2]]


def test_digests_tell_looks_apart(painter, dark, light, tmp_path):
    specs = (dark, light, f"{dark},{light}", f"{dark}:3,{light}")
    digests = [Stylizer(spec, "cpu", painter=painter).digest for spec in specs]
    assert len(set(digests)) == len(digests)
    assert Stylizer(f"{dark}:1,{light}:0", "cpu", painter=painter).digest == digests[0]
    louder = write_painter(tmp_path / "louder.onnx", gain=2)
    assert Stylizer(dark, "cpu", painter=louder).digest not in digests


def test_frames_go_on_and_are_wholly_of_one_painting(painter, dark, light, provider):
    """Swaps from this thread while another one paints."""
    image = np.zeros((24, 32, 3), np.uint8)
    stylizer = Stylizer(dark, provider, painter=painter)
    results = frames_meanwhile(stylizer, image, [light, dark] * 10)
    assert {tuple(map(int, result[0, 0])) for result in results} == {DARK, LIGHT}
    assert all((result == result[0, 0]).all() for result in results)


def test_a_painting_that_fails_leaves_the_one_before(painter, dark, image, tmp_path):
    stylizer = Stylizer(dark, "cpu", painter=painter)
    (tmp_path / "text.jpg").write_text("no picture")
    before = stylizer.digest
    for spec in (tmp_path / "text.jpg", tmp_path / "none.jpg", f"{dark},red"):
        with pytest.raises(Exception, match="picture"):
            stylizer.set_style(spec)
    assert stylizer.digest == before
    _assert_adds(stylizer(image), image, DARK)


def test_from_a_painting_to_a_style_and_back(painter, dark, image, tmp_path, provider):
    plain = write_style(tmp_path / "plain.onnx", card=card())
    stylizer = Stylizer(plain, provider, painter=painter)
    stylizer(image)
    for _ in range(2):
        stylizer.set_style(dark)
        _assert_adds(stylizer(image), image, DARK)
        stylizer.set_style(plain)
        assert np.abs(stylizer(image) - model_factory.expected(image).astype(int)).max() <= 1


def test_a_way_from_one_painting_to_another(painter, dark, light, image, provider):
    stylizer = Stylizer(dark, provider, painter=painter)
    go = stylizer.morph(light)
    _assert_adds(stylizer(image), image, DARK)
    digests = set()
    for amount in (0.0, 0.5, 1.0):
        go(amount)
        wanted = np.average([DARK, LIGHT], 0, [1 - amount, amount])
        _assert_adds(stylizer(image), image, wanted)
        digests.add(stylizer.digest)
    assert len(digests) == 1
    assert (stylizer(image) == Stylizer(light, provider, painter=painter)(image)).all()


def test_a_style_set_on_the_way_ends_it(painter, dark, light, image):
    stylizer = Stylizer(dark, "cpu", painter=painter)
    go = stylizer.morph(light)
    go(0.5)
    stylizer.set_style(dark)
    go(1.0)
    _assert_adds(stylizer(image), image, DARK)


def test_there_is_no_way_between_two_networks(painter, dark, tmp_path):
    plain = write_style(tmp_path / "plain.onnx", card=card())
    for here, there in ((plain, dark), (dark, plain), (plain, plain)):
        with pytest.raises(UsageError, match="one network must play both"):
            Stylizer(here, "cpu", painter=painter).morph(there)


@pytest.mark.parametrize("kind", ["arbitrary", "multi-style"])
def test_ports_against_the_contract(tmp_path, provider, kind, dark):
    path = write_graph(tmp_path / "bad.onnx", card(kind=kind, styles=("red",)))
    with pytest.raises(ModelError, match=r"but a .*network.* takes \(frame uint8 .*, code float32"):
        Stylizer("red" if kind == "multi-style" else dark, provider, painter=path)


def test_a_network_of_several_has_as_many_weights(tmp_path, provider):
    path = write_several(tmp_path / "bad.onnx", COLOURS, styles=("red", "blue", "green"))
    with pytest.raises(ModelError, match="takes 2 weights for 3 styles"):
        Stylizer("green", provider, painter=path)


def test_alone_they_say_what_is_missing(painter, several):
    with pytest.raises(ModelError, match="paints like a picture; name one: `style` PICTURE"):
        Stylizer(painter, "cpu")
    with pytest.raises(ModelError, match=r"has several styles; name one.*red, blue"):
        Stylizer(several, "cpu")


def test_an_encoder_paints_nothing(painter):
    with pytest.raises(ModelError, match="'style-encoder', which does not paint"):
        Stylizer(painter.with_suffix(".encoder.onnx"), "cpu")


@pytest.mark.skipif(bool(PROVIDERS["openvino"].absence()), reason="OpenVINO is absent")
def test_without_an_int8_form_they_stay_float(painter, several, dark):
    assert Stylizer(dark, "openvino", painter=painter).provider != "openvino-int8"
    if not PROVIDERS["openvino-int8"].absence():
        with pytest.raises(ProviderError, match=r"quantise .* PAINTINGS --content"):
            Stylizer(dark, "openvino-int8", painter=painter)
        with pytest.raises(ProviderError, match=r"a multi-style network.*have an int8 form"):
            Stylizer("red", "openvino-int8", painter=several)
