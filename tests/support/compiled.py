"""What SQLAlchemy compiled for one database, for every other of the same kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

if TYPE_CHECKING:
    import pytest

STATEMENTS = 4000
"""More than the program has."""


def share(patch: pytest.MonkeyPatch) -> None:
    """Have statements compiled once a process, instead of once a database.

    The program has one database for all its life, and a test has one or several of its own: to
    compile anew took every tenth second of the tests. Dialects of one class and one driver compile
    alike.
    """
    compiled: LRUCache[Any, Any] = LRUCache(STATEMENTS)
    own: WeakKeyDictionary[Engine, Any] = WeakKeyDictionary()

    def cache(engine: Engine) -> Any:
        return compiled if isinstance(engine.dialect, SQLiteDialect) else own[engine]

    patch.setattr(Engine, "_compiled_cache", property(cache, own.__setitem__), raising=False)
    patch.setattr(SQLiteDialect, "__eq__", lambda one, other: type(one) is type(other))
    patch.setattr(SQLiteDialect, "__hash__", lambda one: hash(type(one)))
