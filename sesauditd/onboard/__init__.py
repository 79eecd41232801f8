"""Setting an account and its domains up, and keeping them right: plan, apply, observe."""
