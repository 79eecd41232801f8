"""Reads what reports and listings show; writes nothing."""
