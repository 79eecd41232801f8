"""A daemon that watches one Amazon SES account for a small WordPress host and acts on what it sees."""

__version__ = "0.1.0"
