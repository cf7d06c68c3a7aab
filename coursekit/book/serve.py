"""Serves a folder on this machine, on a free port."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each request, and lets nothing grow stale."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def end_headers(self) -> None:
        """Have the browser ask again each time: the site is being worked on."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def _server(folder: Path, port: int) -> ThreadingHTTPServer:
    handler = partial(_Quiet, directory=str(folder))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder while the block runs.

    Parameters
    ----------
    folder
        What to serve.

    Yields
    ------
    str
        The address, without a slash at its end.
    """
    server = _server(folder, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(folder: Path, port: int = 0) -> None:
    """Serve a folder until interrupted, and print its address.

    Parameters
    ----------
    folder
        What to serve.
    port
        The port; a free one if 0.

    Raises
    ------
    SystemExit
        If the port is taken.
    """
    try:
        server = _server(folder, port)
    except OSError as error:
        raise SystemExit(
            f"Port {port} cannot be had ({error.strerror}): choose another, or 0."
        ) from None
    print(f"The book: http://127.0.0.1:{server.server_address[1]}/ (Ctrl-C stops it)")
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
