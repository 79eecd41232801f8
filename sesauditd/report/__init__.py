"""From figures to text and JSON."""
