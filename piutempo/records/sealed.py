"""Columns that the database holds encrypted (Fernet, key from ``SEAL_KEY``)."""

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import models


@cache
def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))


if TYPE_CHECKING:
    _Text = models.TextField[str, str]
    _Binary = models.BinaryField[bytes, bytes]
else:
    _Text, _Binary = models.TextField, models.BinaryField  # Django's fields take their types only from the stubs


class SealedTextField(_Text):
    """Encrypts on the way in, decrypts on the way out. Cannot be searched: that is the point."""

    def get_prep_value(self, value: Any) -> Any:
        """Return the cipher text."""
        return value if value is None else _fernet(settings.SEAL_KEY).encrypt(str(value).encode()).decode()

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the plain text."""
        return value if value is None else _fernet(settings.SEAL_KEY).decrypt(value.encode()).decode()


class SealedBinaryField(_Binary):
    """Bytes, encrypted on the way in and decrypted on the way out."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return the cipher bytes."""
        sealed = value if value is None else _fernet(settings.SEAL_KEY).encrypt(bytes(value))
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the plain bytes."""
        return value if value is None else _fernet(settings.SEAL_KEY).decrypt(bytes(value))
