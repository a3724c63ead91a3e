"""Writes the page's folder, whole."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from realtime_nst.errors import TargetExists, UsageError
from realtime_nst.files import digest, require_folder
from realtime_nst.web.libraries import FILES, libraries
from realtime_nst.web.offered import offered

_PAGE = Path(__file__).resolve().parent / "page"
_LISTED = "files.json"
_WORKER, _HOSTS = "service-worker.js", "_headers"
_UNLISTED = {_LISTED, _WORKER, _HOSTS}
_LATER = ("libraries/", "networks/")
"""What the page keeps for use without a network once it has been used, not at the first visit."""

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
    "worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
"""The page talks to nobody but where it came from. mediabunny records in a worker of its own making
where only workers can read a canvas's frames."""

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""What a host should send with every file: threads need the first two."""


def write_page(
    folder: str | Path,
    *,
    overwrite: bool = False,
    server: str = "",
    say: Callable[[str], None] = lambda what: None,
) -> Path:
    """Write the page to ``folder``, which any web server can give out. ``server`` is the address of
    a page that paints on the server, if there is one. ``say`` is told of what takes long.

    With ``overwrite``, an earlier page there is replaced; other files beside it, as those that page
    hosts ask for, stay. Raises :class:`UsageError` where something else lies there or would be
    replaced, :class:`TargetExists` where a page does unless ``overwrite``, and the errors of
    :func:`libraries` and :func:`offered`.
    """
    folder = Path(folder)
    earlier = _earlier(folder, overwrite)
    files = _files(libraries(say), server)
    is_new = not folder.exists()
    if not is_new:
        _check_others(folder, files, earlier)
    within = folder.parent if is_new else folder
    made = Path(tempfile.mkdtemp(prefix=".realtime_nst-page-", dir=within))
    try:
        made.chmod(0o755)
        for name, contents in files.items():
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents)
        if is_new:
            os.replace(made, folder)
        else:
            _replace(folder, made, files, earlier)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _earlier(folder: Path, overwrite: bool) -> Mapping[str, str]:
    """The files of the page that is there, and their digests."""
    require_folder(folder)
    if not os.path.lexists(folder):
        return {}
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the page")
    if not any(folder.iterdir()):
        return {}
    try:
        listed = json.loads((folder / _LISTED).read_bytes())
        earlier = {str(name): str(of) for name, of in listed["files"].items() if listed["version"]}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise UsageError(f"{folder} holds other files; name a new folder for the page") from None
    if not overwrite:
        raise TargetExists(f"{folder} already holds a page; replace it with `overwrite`")
    return earlier


def _check_others(folder: Path, files: Mapping[str, bytes], earlier: Mapping[str, str]) -> None:
    """An interrupted run may have left a file of this page that the list there lacks."""
    for name in sorted(files.keys() - earlier.keys() - (_UNLISTED if earlier else set())):
        path = folder / name
        if os.path.lexists(path) and not (path.is_file() and path.read_bytes() == files[name]):
            raise UsageError(f"{path} is not of the page that is there; move it away first")


def _replace(
    folder: Path, made: Path, files: Mapping[str, bytes], earlier: Mapping[str, str]
) -> None:
    """Whatever stops this, the same command completes it."""
    for name in earlier.keys() - files.keys():
        path = folder / name
        inside = path.resolve().is_relative_to(folder.resolve())
        if inside and path.is_file() and digest(path) == earlier[name]:  # as we wrote it
            path.unlink()
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(made / name, folder / name)


def _files(from_npm: Path, server: str) -> dict[str, bytes]:
    made = offered()
    files = {
        path.relative_to(_PAGE).as_posix(): path.read_bytes()
        for path in sorted(_PAGE.rglob("*"))
        if path.is_file()
    }
    files |= {f"libraries/{name}": (from_npm / name).read_bytes() for name in FILES}
    files |= made.files
    files["styles.json"] = _json({**made.description, "server": server})
    files[_HOSTS] = _for_hosts()
    files["index.html"] = _filled(files["index.html"], files["words/en.json"])
    worker, hosts = files.pop(_WORKER), files.pop(_HOSTS)
    digests = {name: sha256(contents).hexdigest() for name, contents in sorted(files.items())}
    version = sha256(_json(digests)).hexdigest()[:16]
    files[_LISTED] = _json(
        {
            "version": version,
            "files": digests,
            "first": [n for n in digests if not n.startswith(_LATER)],
        }
    )
    return files | {_WORKER: worker.replace(b"VERSION", version.encode()), _HOSTS: hosts}


def _filled(html: bytes, words: bytes) -> bytes:
    """With the policy, and English words: they are seen and read before the first script runs."""
    known = json.loads(words)
    text = html.decode().replace("POLICY", POLICY)
    spoken = re.sub(r'(data-word="(\w+)"[^>]*>)', lambda each: each[1] + known[each[2]], text)
    return spoken.encode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _for_hosts() -> bytes:
    """In the form that several page hosts read."""
    lines = ["/*", *(f"  {name}: {value}" for name, value in HEADERS.items())]
    return "\n".join([*lines, ""]).encode()
