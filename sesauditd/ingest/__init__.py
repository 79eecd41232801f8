"""From raw notifications to parsed feedback."""
