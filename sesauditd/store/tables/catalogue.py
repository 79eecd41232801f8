"""The catalogue that every table is entered in."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
