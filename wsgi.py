"""Composition root: the application plus what the importers bring."""

import gc

from directory.app import create_app
from importers.cli import attach as attach_import_commands
from importers.pages import attach as attach_import_pages

app = create_app()
attach_import_commands(app)
attach_import_pages(app)
gc.freeze()  # what stands here stays: looking for rubbish among it held a request up for a tenth of a second
