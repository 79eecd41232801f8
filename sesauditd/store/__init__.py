"""Everything that is remembered: the only importer of SQLAlchemy and Alembic."""
