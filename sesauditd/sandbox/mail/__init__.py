"""Mail as the sandbox's SES takes it, answers for it and publishes what became of it."""
