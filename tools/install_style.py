"""Put a trained network into the shipped set: weights/NAME.onnx and its manifest entry.

Usage: python tools/install_style.py STYLE.onnx [...]

The files that belong to it are installed too: its int8 form if there is one, and the encoder of a
network for any painting, which is required. A single style gets a picture: the built-in scene
(scene.jpg) painted in it.
"""

import hashlib
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from realtime_nst.runtime.companions import encoder_of, int8_form, int8_path
from realtime_nst.runtime.model import Model, read_model
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sources.synthetic import SyntheticSource

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
PICTURE_SIZE = (480, 360)


KEPT = "name title artist licence network speed_class quality recipe kind styles".split()


def install(path: Path) -> None:
    model = read_model(path)
    beside = _beside(model)
    target = WEIGHTS / f"{model.card.name}.onnx"
    shutil.copyfile(path, target)
    about = asdict(model.card)
    entry = {
        **{key: about[key] for key in KEPT if about[key] or key != "styles"},
        "file": target.name,
        **_file(target),
    }
    for name in ("int8", "encoder"):
        other = target.with_suffix(f".{name}.onnx")
        other.unlink(missing_ok=True)
        if name in beside:
            shutil.copyfile(beside[name], other)
            entry |= {f"{name}_{key}": value for key, value in _file(other).items()}
    if not model.kind.takes_code:
        entry["picture"] = _draw(target)
    _record(entry)


def _beside(model: Model) -> dict[str, Path]:
    """The other files of a network, checked."""
    beside = {"encoder": encoder_of(model).path} if model.kind.needs_encoder else {}
    if int8_path(model.path).exists():
        beside["int8"] = int8_form(model).path
    return beside


def _draw(style: Path) -> str:
    picture = style.with_suffix(".jpg")
    with SyntheticSource(*PICTURE_SIZE, frames=1) as source:
        scene = next(iter(source)).image
    write_picture(WEIGHTS / "scene.jpg", scene, overwrite=True, quality=88)
    write_picture(picture, Stylizer(style)(scene), overwrite=True, quality=88)
    return picture.name


def _file(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _record(entry: dict[str, object]) -> None:
    manifest = WEIGHTS / "manifest.json"
    styles = json.loads(manifest.read_text())["styles"] if manifest.exists() else []
    names = [style["name"] for style in styles]
    if entry["name"] in names:
        styles[names.index(entry["name"])] = entry
    else:
        styles.append(entry)
    manifest.write_text(json.dumps({"styles": styles}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name in sys.argv[1:]:
        install(Path(name))
