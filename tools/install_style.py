"""Put a trained style into the shipped set: weights/NAME.onnx, its picture, its manifest entry.

Usage: python tools/install_style.py STYLE.onnx [...]

The picture is the built-in scene (scene.jpg) in that style. The style's int8 form is taken along
where it lies beside it.
"""

import hashlib
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from realtime_nst.runtime import int8
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sources.synthetic import SyntheticSource

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
PICTURE_SIZE = (480, 360)


def install(path: Path) -> None:
    card = read_model(path).card
    target = WEIGHTS / f"{card.name}.onnx"
    shutil.copyfile(path, target)
    int8.path_of(target).unlink(missing_ok=True)
    if int8.path_of(path).exists():
        shutil.copyfile(int8.form_of(read_model(path)).path, int8.path_of(target))
    picture = target.with_suffix(".jpg")
    with SyntheticSource(*PICTURE_SIZE, frames=1) as source:
        scene = next(iter(source)).image
    write_picture(WEIGHTS / "scene.jpg", scene, overwrite=True, quality=88)
    write_picture(picture, Stylizer(target)(scene), overwrite=True, quality=88)
    kept = ("name", "title", "artist", "licence", "network", "speed_class", "quality", "recipe")
    entry = {
        **{key: value for key, value in asdict(card).items() if key in kept},
        "file": target.name,
        **_file(target),
        "picture": picture.name,
    }
    if int8.path_of(target).exists():
        entry |= {f"int8_{key}": value for key, value in _file(int8.path_of(target)).items()}
    _record(entry)


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
