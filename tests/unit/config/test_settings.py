"""Settings: what a file and the environment say, and how wrong ones are refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd import shipped
from sesauditd.config import Mode, Settings, Termination, Trust, documents, load, reading
from sesauditd.config.settings import known_keys
from sesauditd.config.values import without_password
from sesauditd.errors import Refused
from sesauditd.model.level import Level

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = shipped.policy_file("config.toml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def loaded(file: Path, text: str, **environ: str) -> Settings:
    file.write_text(text)
    return load(file, environ)


def refusal(file: Path, text: str, **environ: str) -> str:
    """Return the one line that a configuration is refused with, without the file's folder."""
    with pytest.raises(Refused) as caught:
        loaded(file, text, **environ)
    line = str(caught.value)
    assert "\n" not in line
    return line.replace(f"{file.parent}/", "")


def test_an_empty_file_is_enough(file: Path) -> None:
    settings = loaded(file, "")
    assert settings == Settings()
    assert settings.database.url == "sqlite+aiosqlite:////var/lib/sesauditd/sesauditd.db"
    assert settings.policy.mode is Mode.ENFORCE
    assert settings.policy.termination is Termination.AUTOMATIC
    assert settings.queue.trust is Trust.QUEUE_POLICY
    assert settings.queue.lean
    assert settings.retention.events_days == 400
    assert settings.web.bind == "127.0.0.1:8080"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "mail.host.example"])
def test_the_mail_server_may_be_an_address(tmp_path: Path, host: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[smtp]\nhost = "{host}"')
    assert load(file, {}).smtp.host == host


def test_a_file_may_name_the_database_alone(file: Path) -> None:
    settings = loaded(file, f'[database]\nurl = "{file.parent}/a.db"')
    assert settings.database.url == f"sqlite+aiosqlite:///{file.parent}/a.db"


def test_without_the_default_file_the_defaults_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "DEFAULT_FILE", tmp_path / "none.toml")
    assert load(None, {}) == Settings()


def test_the_default_file_is_read_if_there_is_one(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[smtp]\nport = 2525")
    monkeypatch.setattr(reading, "DEFAULT_FILE", file)
    assert load(None, {"SESAUDITD_CONFIG": ""}).smtp.port == 2525


def test_the_option_goes_before_the_variable_for_the_file(file: Path, tmp_path: Path) -> None:
    file.write_text("[smtp]\nport = 1")
    other = tmp_path / "other.toml"
    other.write_text("[smtp]\nport = 2")
    assert load(file, {"SESAUDITD_CONFIG": str(other)}).smtp.port == 1
    assert load(None, {"SESAUDITD_CONFIG": str(other)}).smtp.port == 2


@pytest.mark.parametrize("by_variable", [False, True])
def test_a_named_file_that_is_missing_is_refused(file: Path, *, by_variable: bool) -> None:
    environ = {"SESAUDITD_CONFIG": str(file)} if by_variable else {}
    with pytest.raises(Refused, match=r"no such configuration file; `sesauditd init"):
        load(None if by_variable else file, environ)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read: Is a directory"):
        load(tmp_path, {})


def test_a_file_that_may_not_be_looked_at_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(file), "exists", forbidden)
    monkeypatch.setattr(type(file), "read_bytes", forbidden)
    with pytest.raises(Refused, match="cannot be read: Permission denied"):
        load(file, {})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("[a\n", "config.toml:1: not TOML", id="a table that does not end"),
        pytest.param("\n\nx = \n", "config.toml:3: not TOML", id="no value"),
        pytest.param("x = 1\nx = 2", "config.toml:2: not TOML", id="a key twice"),
        pytest.param("[a]\nb = 'x", "config.toml:2: not TOML", id="text that does not end"),
        pytest.param("a = " + "[" * 9999, "config.toml: not TOML", id="too deep"),
    ],
)
def test_bad_toml_is_refused_with_its_line(file: Path, text: str, line: str) -> None:
    assert refusal(file, text).startswith(line)


def test_a_binary_file_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused, match="not UTF-8"):
        load(file, {})


def test_a_byte_order_mark_does_no_harm(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf[smtp]\nport = 25")
    assert load(file, {}).smtp.port == 25


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[database]\nuri = 'x'",
            "config.toml: database.uri: there is no such key (did you mean database.url?)",
        ),
        (
            "[databse]\nurl = 'x'",
            "config.toml: databse: there is no such section (did you mean database?)",
        ),
        ("zzz = 1", "config.toml: zzz: there is no such key"),
        ('"z\\nz" = 1', "config.toml: z\\nz: there is no such key"),
        (
            "[policy.customers.k]\nmdoe = 'off'",
            (
                "config.toml: policy.customers.k.mdoe: there is no such key "
                "(did you mean policy.customers.k.mode?)"
            ),
        ),
        (
            "[notices]\nsender = 'a@b.example'",
            "config.toml: notices.sender: there is no such key (did you mean notices.from?)",
        ),
        ("_cli_parse_args = true", "config.toml: _cli_parse_args: there is no such key"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(
    file: Path, text: str, expected: str
) -> None:
    assert refusal(file, text) == expected


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("SESAUDITD_DATABASE__URI", "there is no such key (did you mean SESAUDITD_DATABASE__URL?)"),
        (
            "SESAUDITD_DATABASE_URL",
            "there is no such variable (did you mean SESAUDITD_DATABASE__URL?)",
        ),
        (
            "SESAUDITD_DATABSE__URL",
            "there is no such variable (did you mean SESAUDITD_DATABASE__URL?)",
        ),
        ("SESAUDITD_DATABASE", "there is no such variable (did you mean SESAUDITD_DATABASE__URL?)"),
        ("SESAUDITD_ZZZZZZ", "there is no such variable"),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest_known_one(
    file: Path, variable: str, expected: str
) -> None:
    assert refusal(file, "", **{variable: "x"}) == f"{variable}: {expected}"


def test_variables_of_others_are_ignored(file: Path) -> None:
    assert loaded(file, "", AWS_REGION="x", SESAUDIT_X="y", HOME="/") == Settings()


@pytest.mark.parametrize(
    ("section", "line", "expected"),
    [
        ("policy", 'mode = "sometimes"', "expected 'enforce', 'shadow' or 'off'"),
        ("policy", 'termination = "never"', "expected 'automatic' or 'confirm'"),
        ("policy", "mode = 1", "expected 'enforce', 'shadow' or 'off'"),
        ("queue", 'trust = "nobody"', "expected 'queue_policy' or 'signature'"),
        ("queue", 'transport = "boto3"', "expected 'lean' or 'aiobotocore'"),
        ("queue", 'receivers = "many"', "expected a whole number"),
        ("queue", "receivers = true", "expected a whole number"),
        ("queue", "receivers = 0", "expected at least 1"),
        ("queue", "receivers = 65", "expected at most 64"),
        ("queue", "visibility_seconds = 29", "expected at least 30"),
        ("queue", "topic_arns = 5", "expected a list"),
        ("queue", "topic_arns = '[1'", "expected a list"),
        ("queue", 'url = "sqs"', "expected an address that begins with http"),
        ("queue", 'url = "http://["', "expected an address that begins with http"),
        ("aws", "account_id = 123456789012", 'expected text in quotes: "123456789012"'),
        ("aws", 'account_id = "12"', "expected the 12 digits"),
        ("aws", 'region = "Frankfurt"', 'expected a region such as "eu-central-1"'),
        ("archive", 'bucket = "A B"', "expected the name of an S3 bucket"),
        ("installation", 'name = ""', "expected up to 64 letters"),
        ("installation", 'prefix = "Big"', "expected up to 20 small letters"),
        ("schedule", 'rollup = "24:00"', "expected a time of day in UTC"),
        ("schedule", 'enforcement = "monday"', "expected a weekday and a time in UTC"),
        ("notices", 'from = "nobody"', "is not an e-mail address"),
        ("notices", 'operators = ["a@b.example", "x"]', "is not an e-mail address"),
        ("smtp", "port = 0", "expected at least 1"),
        ("smtp", 'host = "a b"', "is not a domain"),
        ("web", "bind = 8080", "expected text in quotes"),
        ("web", 'bind = "127.0.0.1:99999"', "expected an address and a port"),
        ("log", 'level = "loud"', "expected 'debug', 'info', 'warning' or 'error'"),
        ("retention", "events_days = 1.5", "expected a whole number"),
        ("retention", "events_days = 2026-01-01", "expected a whole number"),
        ("onboarding", 'mail_from = "a.b"', "expected one label"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_expected(
    file: Path, section: str, line: str, expected: str
) -> None:
    key = line.partition(" ")[0]
    said = refusal(file, f"[{section}]\n{line}")
    assert said.startswith(f"config.toml: {section}.{key} = ")
    assert expected in said


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("policy = 5", "policy = 5"),
        ("policy = [1]", "policy = [1]"),
        ("[policy]\ncustomers = 5", "policy.customers = 5"),
        ("[policy.customers]\nk = 5", "policy.customers.k = 5"),
        ("[policy.customers.k]\nrules = 5", "policy.customers.k.rules = 5"),
    ],
)
def test_a_value_in_place_of_a_table_is_refused(file: Path, text: str, key: str) -> None:
    assert refusal(file, text) == f"config.toml: {key}: expected a table of keys"


def test_a_wrong_value_in_a_variable_is_named_by_the_variable(file: Path) -> None:
    said = refusal(file, "[policy]\nmode = 'off'", SESAUDITD_POLICY__MODE="x")
    assert said == "SESAUDITD_POLICY__MODE = \"x\": expected 'enforce', 'shadow' or 'off'"


def test_several_problems_are_counted(file: Path) -> None:
    assert refusal(file, "[smtp]\nport = 0\nhsot = 'x'").endswith("(and 1 more)")


def test_a_long_value_is_cut(file: Path) -> None:
    assert len(refusal(file, f"[web]\nbind = '{'x' * 9999}'")) < 200


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ('[database]\nurl = "mysql://u:hunter2@h/x"', {}),
        ('database = "postgresql://u:hunter2@h/x"', {}),
        ("[database]\nurl = ['hunter2']", {}),
        ('[alerts]\nwebhook = "ftp://hooks.example/hunter2"', {}),
        ("[alerts]\napprise = {x = 'hunter2'}", {}),
        ("[alerts]\napprise = [{url = 'hunter2', from = 'loud'}]", {}),
        ("[alerts]\napprise = [['hunter2']]", {}),
        ("[alerts]\ncommand = {x = 'hunter2'}", {}),
        ("", {"SESAUDITD_DATABASE__URL": "mysql://u:hunter2@h/x"}),
        ("", {"SESAUDITD_DATABASE": "mysql://u:hunter2@h/x"}),
        ("", {"SESAUDITD_ALERTS__WEBHOOK": "hunter2"}),
        ("[database]\nurl = 'hunter2", {}),
    ],
)
def test_a_secret_is_never_shown(file: Path, text: str, environ: dict[str, str]) -> None:
    assert "hunter2" not in refusal(file, text, **environ)


def test_settings_do_not_print_their_secrets(file: Path) -> None:
    settings = loaded(
        file,
        '[database]\nurl = "postgresql://u:hunter2@h/x"\n'
        '[alerts]\nwebhook = "https://h.example/hunter2"\ncommand = "page hunter2"',
    )
    assert settings.alerts.command == ("page", "hunter2")
    assert "hunter2" not in repr(settings)


def test_each_road_of_alarms_has_a_level_of_its_own(file: Path) -> None:
    settings = loaded(
        file,
        '[alerts]\nwebhook = "https://h.example/x"\nwebhook_from = "info"\n'
        'apprise = ["ntfy://one", {url = "slack://two", from = "critical"}]',
    )
    assert settings.alerts.webhook_from is Level.INFO
    assert settings.alerts.command_from is Level.WARNING
    found = [(one.url, one.least) for one in settings.alerts.apprise]
    assert found == [("ntfy://one", Level.WARNING), ("slack://two", Level.CRITICAL)]
    by_variable = loaded(file, "", SESAUDITD_ALERTS__APPRISE="ntfy://one ntfy://two")
    assert [one.url for one in by_variable.alerts.apprise] == ["ntfy://one", "ntfy://two"]
    assert "ntfy" not in repr(settings)


def test_a_level_that_does_not_exist_is_refused_by_name(file: Path) -> None:
    said = refusal(file, "[alerts]\napprise = [{url = 'hunter2', from = 'loud'}]")
    assert "alerts.apprise" in said
    assert "warning" in said


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a.db", "sqlite+aiosqlite:///{cwd}/a.db"),
        ("./x/a.db", "sqlite+aiosqlite:///{cwd}/x/a.db"),
        ("/srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
        ("sqlite:///a.db", "sqlite+aiosqlite:///{cwd}/a.db"),
        ("sqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
        ("sqlite+aiosqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
        (":memory:", "sqlite+aiosqlite:///:memory:"),
        ("postgres://u@h/n", "postgresql+asyncpg://u@h/n"),
        ("postgresql://u:p@h/n", "postgresql+asyncpg://u:p@h/n"),
        ("postgresql+asyncpg://h/n", "postgresql+asyncpg://h/n"),
    ],
)
def test_a_database_is_a_path_or_a_url(
    file: Path, monkeypatch: pytest.MonkeyPatch, written: str, expected: str
) -> None:
    monkeypatch.chdir(file.parent)
    settings = loaded(file, f"[database]\nurl = '{written}'")
    assert settings.database.url == expected.format(cwd=file.parent)


@pytest.mark.parametrize("written", ["", "mysql://h/x", "http://h/x", "a\\u0000b"])
def test_another_database_is_refused(file: Path, written: str) -> None:
    assert "postgresql://USER@HOST/NAME" in refusal(file, f'[database]\nurl = "{written}"')


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+asyncpg://u:p@h/n", "postgresql+asyncpg://u:***@h/n"),
        ("postgresql+asyncpg://u:p:q@h/n", "postgresql+asyncpg://u:***@h/n"),
        ("postgresql+asyncpg://u:p@q@h/n", "postgresql+asyncpg://u:***@h/n"),
        (
            "postgresql+asyncpg://h/n?password=p&user=u",
            "postgresql+asyncpg://h/n?password=***&user=u",
        ),
        ("postgresql+asyncpg://u@h:5432/n", "postgresql+asyncpg://u@h:5432/n"),
        ("sqlite+aiosqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize(
    ("variable", "value", "path", "expected"),
    [
        ("DATABASE__URL", "/srv/b.db", "database.url", "sqlite+aiosqlite:////srv/b.db"),
        ("AWS__ACCOUNT_ID", "012345678901", "aws.account_id", "012345678901"),
        ("QUEUE__RECEIVERS", "4", "queue.receivers", 4),
        ("QUEUE__TOPIC_ARNS", "a, b", "queue.topic_arns", ("a", "b")),
        ("QUEUE__TOPIC_ARNS", '["a", "b"]', "queue.topic_arns", ("a", "b")),
        ("QUEUE__TOPIC_ARNS", "", "queue.topic_arns", ()),
        ("POLICY__MODE", "off", "policy.mode", Mode.OFF),
        ("NOTICES__FROM", "Mail <a@b.example>", "notices.sender", "Mail <a@b.example>"),
        ("ALERTS__COMMAND", "page 'to me'", "alerts.command", ("page", "to me")),
        ("WEB__BIND", "[::1]:8080", "web.bind", "[::1]:8080"),
        ("SCHEDULE__ENFORCEMENT", "Tuesday 04:00", "schedule.enforcement", "tuesday 04:00"),
    ],
)
def test_a_variable_goes_before_the_file(
    file: Path, variable: str, value: str, path: str, expected: object
) -> None:
    text = '[database]\nurl = "/srv/a.db"\n[queue]\nreceivers = 9\n[policy]\nmode = "shadow"'
    found: object = loaded(file, text, **{f"SESAUDITD_{variable}": value})
    for part in path.split("."):
        found = getattr(found, part)
    assert found == expected


def test_a_customer_has_a_mode_of_its_own(file: Path) -> None:
    settings = loaded(
        file,
        "[policy]\nmode = 'shadow'\n[policy.customers.k]\nmode = 'enforce'",
        SESAUDITD_POLICY__CUSTOMERS__L__TERMINATION="confirm",
    )
    assert settings.policy.mode_of("k") is Mode.ENFORCE
    assert settings.policy.mode_of("stranger") is Mode.SHADOW
    assert settings.policy.mode_of("l") is Mode.SHADOW
    assert settings.policy.termination_of("l") is Termination.CONFIRM
    assert settings.policy.termination_of("k") is Termination.AUTOMATIC


def test_the_template_is_a_valid_configuration_in_shadow_mode(file: Path) -> None:
    settings = loaded(file, TEMPLATE.read_text())
    assert settings.policy.mode is Mode.SHADOW
    assert settings.model_copy(update={"policy": Settings().policy}) == Settings()


def test_the_template_is_valid_with_every_line_uncommented(file: Path) -> None:
    settings = loaded(file, uncommented(TEMPLATE.read_text()))
    assert settings.policy.customers["bakery"].rules["complaint"]["warn"] == {"small_count": 2}


def test_the_template_explains_every_key(file: Path) -> None:
    file.write_text(uncommented(TEMPLATE.read_text()))
    explained = documents.flattened(documents.read(file))
    assert set(known_keys()) <= set(explained)


@pytest.mark.parametrize(
    "key", ["smtp.port", "queue.receivers", "retention.events_days", "schedule.rollup"]
)
def test_the_template_shows_the_default_that_holds(file: Path, key: str) -> None:
    section, name = key.split(".")
    settings = loaded(file, uncommented(TEMPLATE.read_text()))
    assert getattr(getattr(settings, section), name) == getattr(getattr(Settings(), section), name)


def uncommented(template: str) -> str:
    return re.sub(r"(?m)^#(?=\[|[a-z_]+ = )", "", template)


@given(st.text(max_size=60))
def test_no_text_ends_in_anything_but_settings_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert len(said_about(file, {}).splitlines()) <= 1


@given(
    st.sampled_from([key for key in known_keys() if "." in key]),
    st.one_of(st.text(max_size=20), st.integers(), st.booleans()),
)
def test_no_variable_ends_in_anything_but_settings_or_one_line(key: str, value: object) -> None:
    name = f"SESAUDITD_{key.upper().replace('.', '__')}"
    assert len(said_about(None, {name: str(value)}).splitlines()) <= 1


def said_about(file: Path | None, environ: dict[str, str]) -> str:
    """Return the refusal, nothing if the configuration is right."""
    try:
        load(file, environ)
    except Refused as refused:
        return str(refused)
    return ""
