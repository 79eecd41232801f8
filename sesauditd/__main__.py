"""Runs the program with `python -m sesauditd`."""

from __future__ import annotations

import sys

from sesauditd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
