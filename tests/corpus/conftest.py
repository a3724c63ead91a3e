"""What the tests of the corpus share."""

import model_factory
import pytest


@pytest.fixture(scope="session")
def style(tmp_path_factory):
    folder = tmp_path_factory.mktemp("style")
    return model_factory.write_style(folder / "tiny.onnx", card=model_factory.card())
