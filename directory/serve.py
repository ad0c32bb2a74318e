"""The embedded server: one gunicorn process with threads, the worker inside it."""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from directory import worker

THREADS = 8


class EmbeddedServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn around an application that is already made."""

    def __init__(self, app: Flask, port: int) -> None:
        self._app = app
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        """One process, some threads, this machine only, quiet."""
        options: dict[str, Any] = {
            "bind": f"127.0.0.1:{self._port}",
            "workers": 1,
            "threads": THREADS,
            "worker_class": "gthread",
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": self._start_worker,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application."""
        return self._app

    def _start_worker(self, _process: Any) -> None:
        worker.start(self._app)


def run(app: Flask, port: int) -> None:
    """Serve until Ctrl-C."""
    EmbeddedServer(app, port).run()
