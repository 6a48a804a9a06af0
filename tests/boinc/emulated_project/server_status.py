"""The emulated project's server_status.php?xml=1: which daemons run, by their pid files, and how many copies there are of what kind."""
import os
import re
import socket
import xml.etree.ElementTree as tree

from project import database

HEADER = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n'


def runs(folder, pid_file):
    """A daemon whose pid file names no living process is down. One without a file is up: it is one of those that emulate.py begins with."""
    if os.path.exists(os.path.join(folder, "stop_daemons")):
        return False
    for entry in os.scandir(folder):
        path = os.path.join(entry.path, pid_file)
        if entry.name.startswith("pid_") and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return os.path.exists(f"/proc/{file.read().strip()}")
    return True


def shown(command):
    """Without its options, but with the application."""
    app = re.search("-app ([^ ]*)", command)
    return command.split(" -")[0] + (f" ({app.group(1)})" if app else "")


def daemons(folder):
    """(command, status)"""
    yield "Download server", "running"
    yield "Upload server", "running"
    yield "Scheduler", "not running" if os.path.exists(os.path.join(folder, "stop_sched")) else "running"
    disabled = []
    for daemon in tree.parse(os.path.join(folder, "config.xml")).getroot().find("daemons"):
        command = daemon.findtext("cmd")
        if daemon.findtext("disabled") == "1":
            disabled.append(command)
            continue
        pid_file = daemon.findtext("pid_file") or command.split()[0] + ".pid"
        yield shown(command), "running" if runs(folder, pid_file) else "not running"
    for command in disabled:
        yield shown(command), "disabled"


def page(folder):
    """None: there is none. What is in FOLDER/server_status comes instead of it."""
    instead = os.path.join(folder, "server_status")
    if os.path.exists(instead):
        with open(instead, "rb") as file:
            return file.read() or None
    host = socket.gethostname().split(".")[0]
    text = HEADER + "<server_status>\n<daemon_status>\n"
    for command, status in daemons(folder):
        text += (f"  <daemon>\n        <host>{host}</host>\n        <command>{command}</command>\n"
                 f"        <status>{status}</status>\n    </daemon>\n")
    text += "</daemon_status>\n<database_file_states>\n"
    counts = database(folder)
    for name, state in (("results_ready_to_send", "unsent"), ("results_in_progress", "sent")):
        number, = counts.execute("SELECT count(*) FROM result WHERE state = ?", (state,)).fetchone()
        text += f"   <{name}>{number}</{name}>\n"
    for name in ("workunits_waiting_for_validation", "workunits_waiting_for_assimilation", "transitioner_backlog_hours"):
        text += f"   <{name}>0</{name}>\n"
    return (text + "<tasks_by_app>\n</tasks_by_app>\n</database_file_states>\n</server_status>\n").encode()
