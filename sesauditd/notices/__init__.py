"""Notices composed from values and templates, and alarms that reach operators without mail."""
