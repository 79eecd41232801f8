"""Watches one Amazon SES account for a small WordPress host, and judges what it sees."""

__version__ = "0.1.0"
