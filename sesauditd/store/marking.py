"""What marks the rows that a transaction changes, in a file and on a server."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, MetaData, Table, Text, cast, event, func, select
from sqlalchemy import column as any_column
from sqlalchemy import table as any_table
from sqlalchemy.schema import CreateTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

HELD: Final = "hold:"
"""How the name of an observation begins that says what levers will put back."""
OBSERVATIONS: Final = "observations"
WATCHED: Final = "watched"

marks = Table(
    "unsealed_rows",
    MetaData(),
    Column("place", Text, nullable=False),
    Column("key", Text, nullable=False),
    prefixes=["TEMPORARY"],
)
# Nothing here is unique: a conflict inside a trigger is resolved as the statement outside says.
TRIGGER = Template(
    "CREATE TEMP TRIGGER sealed_${table}_$verb AFTER $verb ON main.$table $condition "
    "BEGIN $body END"
)
MARK = Template("INSERT INTO unsealed_rows VALUES ('$table', json_array($key));")

SETTING: Final = "sesauditd.sealing"
"""Of our own connections to a server: its triggers are everybody's, and mark for us alone."""
SERVER_MARKS: Final = (
    "CREATE TEMPORARY TABLE unsealed_rows (place text NOT NULL, key text NOT NULL) "
    "ON COMMIT DELETE ROWS"
)
SERVER_MARK = Template(
    "INSERT INTO pg_temp.unsealed_rows VALUES ('$table', json_build_array($key)::text);"
)
SERVER_FUNCTION = Template(
    "CREATE OR REPLACE FUNCTION sealed_$table() RETURNS trigger LANGUAGE plpgsql AS $$$$ BEGIN "
    "IF TG_OP <> 'INSERT' $old THEN $mark_old END IF; "
    "IF TG_OP <> 'DELETE' $new THEN $mark_new END IF; "
    "RETURN NULL; END $$$$"
)
SERVER_TRIGGER = Template(
    "CREATE TRIGGER sealed_$table AFTER INSERT OR UPDATE OR DELETE ON $table FOR EACH ROW "
    f"WHEN (current_setting('{SETTING}', true) = 'on') EXECUTE FUNCTION sealed_$table()"
)


async def is_watched(connection: AsyncConnection) -> bool:
    """Say whether what this connection changes is marked."""
    if connection.dialect.name != "sqlite":
        return WATCHED in _info(connection)
    known = any_table("sqlite_temp_master", any_column("name"))
    wanted = select(known.c.name).where(known.c.name == marks.name)
    return await connection.scalar(wanted) is not None


async def install(connection: AsyncConnection, tables: Iterable[Table]) -> None:
    """Have changes of the tables marked: in a file for this connection, on a server for ours."""
    if connection.dialect.name != "sqlite":
        await _install_on_server(connection, tables)
        return
    await connection.execute(CreateTable(marks))
    for one in tables:
        for statement in _triggers(one):
            await connection.exec_driver_sql(statement)


def name_of_key(connection: AsyncConnection, table: Table) -> ColumnElement[str]:
    """Return the primary key of a row as the triggers write it: a JSON list."""
    if connection.dialect.name != "sqlite":
        return cast(func.json_build_array(*table.primary_key), Text)
    return func.json_array(*table.primary_key)


async def _install_on_server(connection: AsyncConnection, tables: Iterable[Table]) -> None:
    known = any_table("pg_trigger", any_column("tgname"))
    there = set(await connection.scalars(select(known.c.tgname)))
    for one in tables:
        if f"sealed_{one.name}" in there:
            continue
        held = one.name == OBSERVATIONS
        function = SERVER_FUNCTION.substitute(
            table=one.name,
            old=f"AND OLD.name LIKE '{HELD}%'" if held else "",
            new=f"AND NEW.name LIKE '{HELD}%'" if held else "",
            mark_old=_mark(SERVER_MARK, one, "OLD"),
            mark_new=_mark(SERVER_MARK, one, "NEW"),
        )
        await connection.exec_driver_sql(function)
        await connection.exec_driver_sql(SERVER_TRIGGER.substitute(table=one.name))
    _info(connection)[WATCHED] = True


def prepare_server(writing: AsyncEngine) -> None:
    """Give each connection of the engine its table of marks, and forget what is rolled back."""

    def make(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(SERVER_MARKS)
        cursor.close()
        connection.commit()

    def forget(connection: Connection) -> None:
        # The triggers may have been made by the transaction that is no more.
        if not connection.invalidated:
            connection.info.pop(WATCHED, None)

    event.listen(writing.sync_engine, "connect", make)
    event.listen(writing.sync_engine, "rollback", forget)


def _info(connection: AsyncConnection) -> dict[Any, Any]:
    """Return what is remembered for as long as the connection to the server lives."""
    if connection.sync_connection is None:
        raise RuntimeError("the connection is not open")
    return connection.sync_connection.info


def _triggers(table: Table) -> list[str]:
    old, new = _mark(MARK, table, "OLD"), _mark(MARK, table, "NEW")
    bodies = {"INSERT": new, "UPDATE": f"{old} {new}", "DELETE": old}
    return [
        TRIGGER.substitute(
            table=table.name, verb=verb, condition=_condition(table, verb), body=body
        )
        for verb, body in bodies.items()
    ]


def _condition(table: Table, verb: str) -> str:
    if table.name != OBSERVATIONS:
        return ""
    return f"WHEN {'OLD' if verb == 'DELETE' else 'NEW'}.name LIKE '{HELD}%'"


def _mark(mark: Template, table: Table, which: str) -> str:
    key = ", ".join(f"{which}.{column.name}" for column in table.primary_key)
    return mark.substitute(table=table.name, key=key)
