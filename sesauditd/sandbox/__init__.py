"""A small local AWS for trying out and testing: SES of our own, the rest by moto."""
