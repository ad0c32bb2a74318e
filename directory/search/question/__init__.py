"""Understanding a question: text in, Reading out."""

from directory.search.question.guard import find_personal_data
from directory.search.question.lexicon import Lexicon, build_lexicon, load_taxonomy, shipped_lexicon
from directory.search.question.reader import Reader

__all__ = ["Lexicon", "Reader", "build_lexicon", "find_personal_data", "load_taxonomy", "shipped_lexicon"]
