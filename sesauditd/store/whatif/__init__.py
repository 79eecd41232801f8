"""Replays what is stored under another policy, and reads what was done; nothing is written."""
