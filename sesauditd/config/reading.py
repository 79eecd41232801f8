"""From a file and the environment to settings, or to one line that says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from sesauditd.config import documents, problems
from sesauditd.config.credentials import handed_over, with_credentials
from sesauditd.config.settings import (
    ENVIRONMENT_PREFIX,
    NESTING,
    SECRET,
    CustomerPolicy,
    Settings,
    known_keys,
)
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_FILE = Path("/etc/sesauditd/config.toml")
FILE_VARIABLE = "SESAUDITD_CONFIG"
NO_KEYS = frozenset({FILE_VARIABLE, "SESAUDITD_FAILPOINT"})
"""Variables beside the keys: where the file is, and at which point a test kills the daemon."""


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a file, each key overridden by its environment variable.

    The file is `path`, else what `$SESAUDITD_CONFIG` names, else `config.toml` among the
    service's credentials, else the default one, which may be missing. Credentials named like
    variables count as such. Raises Refused in one line: a named file that is missing, broken
    TOML, an unknown key in the file or the environment, a wrong value, a policy file nobody has.
    """
    file = _chosen(path, environ)
    from_file = documents.read(file) if file is not None else {}
    from_environment = _from_environment(with_credentials(environ))
    document = documents.merged(from_file, from_environment)
    _refuse_unknown_sections(file, from_file)
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        # The validator's own error prints what it was given, passwords included.
        raise Refused(_first_line(error, file, from_environment)) from None
    return _with_policy_file(settings, file)


def chosen_name(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file that was asked for by name, None if none was."""
    if path is not None:
        return path
    named = environ.get(FILE_VARIABLE)
    return Path(named) if named else None


def _chosen(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = chosen_name(path, environ) or handed_over(environ)
    if named is None:
        return DEFAULT_FILE if _exists(DEFAULT_FILE) else None
    if not _exists(named):
        message = f"{named}: no such configuration file; `sesauditd init {named}` writes one"
        raise Refused(message)
    return named


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except PermissionError:
        return True


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    ours = {
        name: value
        for name, value in environ.items()
        if name.startswith(ENVIRONMENT_PREFIX) and name not in NO_KEYS
    }
    for name in ours:
        section, nested, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition(NESTING)
        if not nested or not key or section not in Settings.model_fields:
            variables = [_variable(known) for known in known_keys() if "." in known]
            raise Refused(f"{name}: there is no such variable{problems.meant(name, variables)}")
    document = _nested(ours) if ours else {}
    match document:
        case {"policy": {"customers": dict(customers)}}:
            for policy in customers.values():
                if isinstance(policy, dict) and "rules" in policy:
                    policy["rules"] = _numbers(policy["rules"])
        case _:
            pass
    return document


def _nested(variables: Mapping[str, str]) -> dict[str, object]:
    # A fifth of what it takes to read a file goes into this import.
    from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

    class Variables(Settings, BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter=NESTING, enable_decoding=False
        )

    source = EnvSettingsSource(Variables)
    source.env_vars = {name.lower(): value for name, value in variables.items()}
    return source()


def _numbers(level: object) -> object:
    """Return variables about limits as the numbers they are: limits take no text for them."""
    if isinstance(level, dict):
        return {key: _numbers(value) for key, value in level.items()}
    try:
        return json.loads(str(level))
    except ValueError:
        return level


def _refuse_unknown_sections(file: Path | None, document: Mapping[str, object]) -> None:
    for name, value in document.items():
        if name not in Settings.model_fields:
            kind = "section" if isinstance(value, dict) else "key"
            hint = problems.meant(name, known_keys())
            raise Refused(problems.one_line(f"{file}: {name}: there is no such {kind}{hint}"))


def _first_line(
    error: ValidationError, file: Path | None, from_environment: Mapping[str, object]
) -> str:
    path = problems.path_of(error)
    level: object = from_environment
    for part in path:
        level = level.get(part) if isinstance(level, dict) else None
    by_variable = level is not None
    reading = problems.Reading(
        prefix="" if by_variable else f"{file}: ",
        known=[*known_keys(), *_customer_keys(path)],
        secret=SECRET,
        spell=_variable if by_variable else str,
    )
    return problems.first_line(error, reading)


def _variable(key: str) -> str:
    return ENVIRONMENT_PREFIX + key.upper().replace(".", NESTING)


def _customer_keys(path: tuple[str, ...]) -> list[str]:
    match path:
        case ("policy", "customers", customer, *_):
            return known_keys(CustomerPolicy, f"policy.customers.{customer}.")
        case _:
            return []


def _with_policy_file(settings: Settings, file: Path | None) -> Settings:
    named = settings.policy.file
    if named is None:
        return settings
    from sesauditd.config.limits_file import found

    policy = settings.policy.model_copy(update={"file": found(named, beside=file)})
    return settings.model_copy(update={"policy": policy})
