"""What a service is handed in secret: files in the folder that `$CREDENTIALS_DIRECTORY` names.

systemd makes that folder for `LoadCredential=` (systemd.exec(5), "Credentials"); a container names
its `/run/secrets` so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sesauditd.config.settings import ENVIRONMENT_PREFIX, NESTING
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"
FILE = "config.toml"


def with_credentials(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment, and behind it every credential that is named like a variable.

    A line's end at the end of a file is none of the secret. Raises Refused for a file that
    cannot be read or is no text, without showing it.
    """
    named = {
        file.name.upper(): file
        for file in _files(environ)
        if file.name.upper().startswith(ENVIRONMENT_PREFIX) and NESTING in file.name
    }
    return {name: _secret(file) for name, file in named.items()} | dict(environ)


def handed_over(environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file among the credentials, if one is there."""
    return next((file for file in _files(environ) if file.name == FILE), None)


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    folder = environ.get(FOLDER_VARIABLE)
    if not folder:
        return
    try:
        yield from sorted(file for file in Path(folder).iterdir() if file.is_file())
    except OSError as error:
        raise Refused(f"{FOLDER_VARIABLE}: {folder}: {error.strerror}") from error


def _secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise Refused(f"{file}: this credential is no text in UTF-8") from None
