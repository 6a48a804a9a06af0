"""What the emulated project's tools and daemon have in common: where things are, and the table of jobs."""
import os
import sqlite3

WORKUNIT = """CREATE TABLE IF NOT EXISTS workunit(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, app TEXT NOT NULL, batch INTEGER NOT NULL, template TEXT NOT NULL, files TEXT NOT NULL,
  priority INTEGER NOT NULL, options TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'UNSENT', error_mask INTEGER NOT NULL DEFAULT 0,
  changed REAL NOT NULL DEFAULT 0, runs INTEGER NOT NULL DEFAULT 0)"""
BATCH = "CREATE TABLE IF NOT EXISTS batch(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, state INTEGER NOT NULL DEFAULT 0, njobs INTEGER NOT NULL DEFAULT 0)"


def database(folder):
    connection = sqlite3.connect(os.path.join(folder, "jobs.db"), timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(WORKUNIT)
    connection.execute(BATCH)
    return connection
