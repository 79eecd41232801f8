"""Work that comes round by the calendar."""
