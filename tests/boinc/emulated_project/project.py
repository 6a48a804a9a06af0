"""What the emulated project's tools and daemons have in common: its tables, and where its files are."""
import contextlib
import hashlib
import os
import re
import sqlite3

TABLES = """
CREATE TABLE IF NOT EXISTS app(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS batch(id INTEGER PRIMARY KEY, name TEXT NOT NULL, app TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  njobs INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS workunit(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, app TEXT NOT NULL, batch INTEGER NOT NULL,
  xml_doc TEXT NOT NULL, result_template TEXT NOT NULL, priority INTEGER NOT NULL, min_quorum INTEGER NOT NULL, target_nresults INTEGER NOT NULL,
  max_error_results INTEGER NOT NULL, max_total_results INTEGER NOT NULL, max_success_results INTEGER NOT NULL, delay_bound INTEGER NOT NULL,
  rsc_fpops_est REAL NOT NULL, rsc_fpops_bound REAL NOT NULL, canonical INTEGER NOT NULL DEFAULT 0, error_mask INTEGER NOT NULL DEFAULT 0,
  changed REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS result(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, workunit INTEGER NOT NULL, host TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'unsent', exit_status INTEGER NOT NULL DEFAULT 0, stderr TEXT NOT NULL DEFAULT '', file TEXT NOT NULL DEFAULT '',
  is_valid INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS by_workunit ON result(workunit);
CREATE INDEX IF NOT EXISTS unsent ON result(id) WHERE state = 'unsent';
CREATE INDEX IF NOT EXISTS not_done ON workunit(id) WHERE canonical = 0;
CREATE TABLE IF NOT EXISTS job_file(name TEXT PRIMARY KEY);
"""
DEFAULTS = {"min_quorum": 1, "target_nresults": 1, "max_error_results": 1, "max_total_results": 1, "max_success_results": 1,
            "delay_bound": 604800, "rsc_fpops_est": 3600e9, "rsc_fpops_bound": 86400e9}


def database(folder):
    connection = sqlite3.connect(os.path.join(folder, "jobs.db"), timeout=60, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.executescript(TABLES)
    return connection


class Changes:
    """Whether others have written to the database since there was nothing to do: that costs much less than looking again."""

    def __init__(self, connection):
        self.connection, self.idle_at = connection, None

    def version(self):
        return self.connection.execute("PRAGMA data_version").fetchone()[0]

    def are_there(self):
        return self.version() != self.idle_at

    def nothing_to_do(self, version):
        """As of that version. What this connection itself writes does not change it: then, forget()."""
        self.idle_at = version

    def forget(self):
        self.idle_at = None


@contextlib.contextmanager
def transaction(connection):
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def value(folder, name):
    """Of the project's config.xml."""
    with open(os.path.join(folder, "config.xml"), encoding="utf-8") as file:
        found = re.search(f"<{name}>([^<]*)</{name}>", file.read())
    return found.group(1) if found else None


def hash_folder(folder, kind, name):
    number = int(hashlib.md5(name.encode()).hexdigest()[1:8], 16) % int(value(folder, "uldl_dir_fanout"))
    return os.path.join(value(folder, kind), f"{number:x}")


def hier_path(folder, kind, name):
    """Where a file of the download_dir or upload_dir is."""
    return os.path.join(hash_folder(folder, kind, name), name)


def md5_of(path):
    with open(path, "rb") as file:
        return hashlib.md5(file.read()).hexdigest()


def is_open_to_web(path):
    """The web server is another user than the project's owner, in the same group. (Here both are one.)"""
    return bool(os.stat(path).st_mode & 0o022)
