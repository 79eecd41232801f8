"""The story that a newcomer watches: three customers and a month of mail."""
