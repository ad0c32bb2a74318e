"""The demo directory: fictional bodies, posts and people of all programme countries, for `flask demo`."""

from directory.registry.demo.loader import DemoAlreadyLoaded, DemoReport, load_demo
from directory.registry.demo.reading import BadDemoData

__all__ = ["BadDemoData", "DemoAlreadyLoaded", "DemoReport", "load_demo"]
