"""Keys, one per purpose, all drawn from SECRET_KEYS: the first key writes, every listed one still reads."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadData, URLSafeTimedSerializer


class Unreadable(Exception):
    """What was encrypted cannot be read with any key in force: it was altered, or its key is gone."""


class Vault:
    """Encrypts and signs; what was made for one purpose is worthless for another."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._keys = secret_keys

    def encrypt(self, plain: bytes, purpose: str) -> bytes:
        """Encrypted under the newest key."""
        return self._fernet(purpose).encrypt(plain)

    def decrypt(self, sealed: bytes, purpose: str) -> bytes:
        """The plain bytes. Raises Unreadable."""
        try:
            return self._fernet(purpose).decrypt(sealed)
        except InvalidToken as error:
            raise Unreadable(purpose) from error

    def sign(self, value: str, purpose: str) -> str:
        """The value, signed and dated; readable by anybody, forgeable by nobody."""
        return self._serializer(purpose).dumps(value)

    def unsign(self, token: str, purpose: str, *, seconds: int | None = None) -> str | None:
        """The value of a token signed for this purpose and not older than that; else None.

        Without `seconds` any age will do: the value's own date then decides, by the directory's clock.
        """
        try:
            value = self._serializer(purpose).loads(token, max_age=seconds)
        except BadData:
            return None
        return value if isinstance(value, str) else None

    def _fernet(self, purpose: str) -> MultiFernet:
        return _fernet(self._keys, purpose)

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        keys = [derive(key, f"sign {purpose}").hex() for key in reversed(self._keys)]
        return URLSafeTimedSerializer(keys, salt=purpose)


@lru_cache(maxsize=64)
def _fernet(keys: tuple[str, ...], purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(derive(key, f"encrypt {purpose}"))) for key in keys])


@lru_cache(maxsize=64)
def derive(key: str, purpose: str) -> bytes:
    """32 bytes for one purpose."""
    return HKDF(algorithm=SHA256(), length=32, salt=b"trm-directory", info=purpose.encode()).derive(key.encode())
