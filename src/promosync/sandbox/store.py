"""Where the sandbox keeps everything: one SQLite file, shared by processes, that survives kill -9."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FORMAT = 2
COMPANIONS = ("-wal", "-shm", "-journal")
PATIENCE = 30.0  # seconds to wait for another process's write

SCHEMA = """
CREATE TABLE state (
    clock_offset REAL NOT NULL, requests INTEGER NOT NULL, writes INTEGER NOT NULL, dies_at INTEGER
);
INSERT INTO state VALUES (0, 0, 0, NULL);
CREATE TABLE scopes (scope INTEGER PRIMARY KEY, account TEXT, livemode INTEGER, UNIQUE (account, livemode));

CREATE TABLE coupons (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, valid INTEGER NOT NULL DEFAULT 1, redeem_by INTEGER,
    max_redemptions INTEGER, times_redeemed INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL
);
CREATE INDEX coupons_id ON coupons (scope, id, deleted);
CREATE INDEX coupons_created ON coupons (scope, created, seq) WHERE deleted = 0;
CREATE INDEX coupons_due ON coupons (redeem_by) WHERE valid = 1 AND redeem_by IS NOT NULL;

CREATE TABLE promotion_codes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL, code_key TEXT NOT NULL,
    coupon_seq INTEGER NOT NULL, coupon TEXT NOT NULL, customer TEXT,
    customer_account TEXT,
    active INTEGER NOT NULL DEFAULT 1, dead INTEGER NOT NULL DEFAULT 0, expires_at INTEGER,
    max_redemptions INTEGER, times_redeemed INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL
);
CREATE UNIQUE INDEX promotion_codes_id ON promotion_codes (scope, id);
CREATE INDEX promotion_codes_created ON promotion_codes (scope, created, seq);
CREATE INDEX promotion_codes_active ON promotion_codes (scope, active, created, seq);
CREATE INDEX promotion_codes_code ON promotion_codes (scope, code_key, created, seq);
CREATE INDEX promotion_codes_coupon ON promotion_codes (scope, coupon, created, seq);
CREATE INDEX promotion_codes_customer ON promotion_codes (scope, customer, created, seq)
    WHERE customer IS NOT NULL;
CREATE INDEX promotion_codes_account ON promotion_codes (scope, customer_account, created, seq)
    WHERE customer_account IS NOT NULL;
CREATE INDEX promotion_codes_alive ON promotion_codes (coupon_seq) WHERE dead = 0;
CREATE INDEX promotion_codes_due ON promotion_codes (expires_at) WHERE dead = 0 AND expires_at IS NOT NULL;

CREATE TABLE products (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, active INTEGER NOT NULL DEFAULT 1, data TEXT NOT NULL
);
CREATE INDEX products_id ON products (scope, id, deleted);
CREATE INDEX products_created ON products (scope, created, seq) WHERE deleted = 0;

CREATE TABLE customers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, email TEXT, email_key TEXT, data TEXT NOT NULL
);
CREATE UNIQUE INDEX customers_id ON customers (scope, id);
CREATE INDEX customers_created ON customers (scope, created, seq) WHERE deleted = 0;
CREATE INDEX customers_email ON customers (scope, email_key, created, seq) WHERE deleted = 0;

CREATE TABLE invoices (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, customer TEXT NOT NULL, subscription TEXT, data TEXT NOT NULL
);
CREATE UNIQUE INDEX invoices_id ON invoices (scope, id);
CREATE INDEX invoices_created ON invoices (scope, created, seq);

CREATE TABLE checkout_sessions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, customer TEXT, subscription TEXT, data TEXT NOT NULL
);
CREATE UNIQUE INDEX checkout_sessions_id ON checkout_sessions (scope, id);
CREATE INDEX checkout_sessions_created ON checkout_sessions (scope, created, seq);

CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY, scope INTEGER NOT NULL, customer TEXT NOT NULL, created INTEGER NOT NULL,
    periods INTEGER NOT NULL, renews INTEGER NOT NULL, data TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX subscriptions_due ON subscriptions (renews);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, type TEXT NOT NULL, data TEXT NOT NULL
);
CREATE UNIQUE INDEX events_id ON events (scope, id);
CREATE INDEX events_created ON events (scope, created, seq);

CREATE TABLE idempotency (
    scope INTEGER NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, created INTEGER NOT NULL,
    busy_until REAL NOT NULL, request_id TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE TABLE keys (key TEXT PRIMARY KEY, permissions TEXT, expired INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE faults (
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0, fired INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE counters (
    endpoint TEXT NOT NULL, status INTEGER NOT NULL, requests INTEGER NOT NULL, PRIMARY KEY (endpoint, status)
) WITHOUT ROWID;
CREATE TABLE log (slot INTEGER PRIMARY KEY, number INTEGER NOT NULL, line TEXT NOT NULL);
"""


class Store:
    """One connection, used by one thread at a time; a private file, or memory when `path` is None."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for one in (path, *(path.with_name(path.name + more) for more in COMPANIONS)):
                if one.is_symlink():  # a repository may contain it, and it may point anywhere
                    raise ValueError(f"{one} is a symbolic link; delete it")
            # SQLite gives its -wal and -shm files the permissions of the database.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(path)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, path: Path | None) -> None:
        """Make the tables where there are none; ValueError or sqlite3.Error where the file is something else."""
        self._db.row_factory = sqlite3.Row
        if path is not None:
            self._db.execute("PRAGMA journal_mode = WAL")
        # A process that is killed loses nothing: the system has it already. Only a power cut could.
        self._db.execute("PRAGMA synchronous = OFF")
        with self.transaction() as db:
            (found,) = db.execute("PRAGMA user_version").fetchone()
            if found not in (0, FORMAT):
                raise ValueError(f"{path} was made by another version of the sandbox; delete it")
            if found == 0:
                for statement in SCHEMA.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {FORMAT}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Keeps all that the block writes, or nothing where it raises; one writer at a time."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._db.close()


def empty(db: sqlite3.Connection) -> None:
    """Deletes everything, and resets the clock."""
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'state' AND name NOT LIKE 'sqlite%'"
    for (table,) in db.execute(tables).fetchall():
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table names
    db.execute("UPDATE state SET clock_offset = 0, requests = 0, writes = 0, dies_at = NULL")


def insert(db: sqlite3.Connection, table: str, columns: Mapping[str, Any]) -> int:
    """Writes a row, and returns its number."""
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
    return db.execute(sql, tuple(columns.values())).lastrowid or 0


def scope_of(db: sqlite3.Connection, account: str, livemode: bool) -> int:
    """The number under which the objects of one account and mode are kept."""
    found = db.execute("SELECT scope FROM scopes WHERE account = ? AND livemode = ?", (account, livemode)).fetchone()
    if found is not None:
        return int(found["scope"])
    return insert(db, "scopes", {"account": account, "livemode": livemode})
