"""What is wrong with a value, as a sentence and what stands in it: whoever shows it may say it in another language."""

from __future__ import annotations


class Fault(ValueError):
    """`str()` is the English sentence; `message` is it with `%(name)s` where `said` stands.

    `%(in_english)s` holds what nobody translates, such as the words of a library: other languages leave it out.
    """

    def __init__(self, message: str, **said: str | int) -> None:
        super().__init__(message % said if said else message)
        self.message, self.said = message, said


def N_(message: str) -> str:  # noqa: N802 - so translators' tools know it
    """The message as it stands, marked for the catalogues: it is translated where it is shown."""
    return message
