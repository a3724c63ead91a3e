"""Put a trained network into the shipped set: weights/NAME.onnx and its manifest entry.

Usage: python tools/install_style.py STYLE.onnx [...]

The files that belong to it are installed too: its int8 form if there is one, and the encoder of a
network for any painting, which is required. A single style gets a picture: the built-in scene
(scene.jpg) painted in it.
"""

import json
import shutil
import sys
from pathlib import Path

from realtime_nst.library import SCENE, facts, files_of, of_network, painted_scene
from realtime_nst.runtime.model import read_model
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sources.synthetic import SyntheticSource

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"


def install(path: Path) -> None:
    model = read_model(path)
    target = WEIGHTS / f"{model.card.name}.onnx"
    targets = {"": target} | {
        what: target.with_suffix(f".{what}.onnx") for what in ("int8", "encoder")
    }
    files = files_of(model)
    for what, place in targets.items():
        if what in files:
            shutil.copyfile(files[what], place)
        else:
            place.unlink(missing_ok=True)
    copied = {what: targets[what] for what in files}
    entry = {**of_network(model), "file": target.name, **facts(copied)}
    if not model.kind.takes_code:
        entry["picture"] = _draw(target)
    _record(entry)


def _draw(style: Path) -> str:
    picture = style.with_suffix(".jpg")
    scene = SyntheticSource(*SCENE, frames=1).picture(0)
    write_picture(WEIGHTS / "scene.jpg", scene, overwrite=True, quality=88)
    write_picture(picture, painted_scene(style), overwrite=True, quality=88)
    return picture.name


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
