"""Composition root: the application plus what the importers bring."""

from directory.app import create_app
from importers import cli as import_commands

app = create_app()
import_commands.attach(app)
