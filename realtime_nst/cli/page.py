"""``realtime-nst page``: the studio as a folder of static files."""

from realtime_nst.cli import console, options


def page(output: options.Output, overwrite: options.Overwrite = False) -> None:
    """Write a web page that paints cameras and films in the browser itself, as a folder for any web
    server."""
    from realtime_nst.web.folder import write_page

    with console.err.status("writing the page") as status:

        def say(what: str) -> None:
            if console.err.is_terminal:
                status.update(what)
            else:
                console.say_progress(what)

        folder = write_page(output, overwrite=overwrite, say=say)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    console.say(
        f"{folder}: {size / 1e6:.0f} MB; give it out over HTTPS, or try it on this computer: "
        f"cd {folder} && python -m http.server --bind localhost 8080"
    )
