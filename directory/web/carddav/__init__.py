"""The phone book over CardDAV: read only, by hand, one book per token; nothing here looks at a cookie."""

from directory.web.carddav.views import attach

__all__ = ["attach"]
