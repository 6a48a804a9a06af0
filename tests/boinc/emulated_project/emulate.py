#!/usr/bin/env python3
"""An emulated BOINC project for tests: its folder, as make_project leaves it, with the tools that jobs are made with; its site (web.py), daemons
(transitioner.py) and volunteers (volunteers.py), which run the worker build. What it says, and how, is what a real server (1.6.2) was seen
to say, byte for byte where that matters.

  emulate.py FOLDER WORKERS KEY [hosts=N] [fail=NAME_PART[:TIMES]] [hold=N] [down=SECONDS] [fanout=N]

FOLDER/port has the port once it listens. hosts: so many volunteers, 2 unless told otherwise. fail, hold: see volunteers.py. down: after the
first batch the site answers with status 500 for so long. While a file stop_web, stop_sched or stop_daemons is in FOLDER, that part stands still, as
in BOINC, and so does a daemon whose pid file names no process; database_away: nothing reaches the database; web_hangs: the site answers nothing."""
import http.server
import os
import shutil
import sys
import threading
import time

here = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, here)
import transitioner  # noqa: E402
import web  # noqa: E402
from project import database  # noqa: E402
from volunteers import Volunteer  # noqa: E402

folder, workers, key = (os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3])
settings = dict(word.split("=", 1) for word in sys.argv[4:])
CONFIG = """<?xml version="1.0" ?>
<boinc>
  <config>
    <db_user>boincadm</db_user>
    <db_name></db_name>
    <db_passwd>secret</db_passwd>
    <download_dir>{folder}/download</download_dir>
    <download_url>{url}download</download_url>
    <upload_dir>{folder}/upload</upload_dir>
    <upload_url>{url}file_upload_handler</upload_url>
    <uldl_dir_fanout>{fanout}</uldl_dir_fanout>
  </config>
  <!-- ours -->
  <daemons>
    <daemon><cmd>feeder -d 3</cmd></daemon>
    <daemon><cmd>transitioner -d 3</cmd></daemon>
    <daemon><cmd>file_deleter -d 2 --preserve_wu_files</cmd></daemon>
  </daemons>
</boinc>
"""


def make_folder(url):
    for part in ("bin", "templates", "apps", "download", "upload", "results"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    os.chmod(os.path.join(folder, "download"), 0o755)
    os.chmod(os.path.join(folder, "upload"), 0o2770)
    for tool in ("stage_file", "create_work", "cancel_jobs", "project.py", "templates.py"):
        shutil.copy(os.path.join(here, tool), os.path.join(folder, "bin", tool))
    for tool in ("xadd", "update_versions", "start", "stop"):
        shutil.copy(os.path.join(here, "daemons"), os.path.join(folder, "bin", tool))
    for daemon in ("sample_bitwise_validator", "sample_assimilator", "sample_dummy_assimilator"):
        open(os.path.join(folder, "bin", daemon), "a", encoding="utf-8").close()
    for name, text in (("config.xml", CONFIG.format(folder=folder, url=url, fanout=settings.get("fanout", 16))), ("project.xml", "<boinc>\n</boinc>\n"), ("emulator.pid", str(os.getpid()))):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


def is_down():
    """From the first batch on, for a while."""
    if "down" not in settings:
        return False
    if not hasattr(is_down, "until"):
        if database(folder).execute("SELECT 1 FROM batch WHERE state > 0").fetchone() is None:
            return False
        is_down.until = time.time() + float(settings["down"])
    return time.time() < is_down.until


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


server = Server(("127.0.0.1", 0), web.make_site(folder, key, is_down))
make_folder(f"http://127.0.0.1:{server.server_address[1]}/pool/")
threading.Thread(target=transitioner.run, args=(folder, 0.05), daemon=True).start()
for number in range(int(settings.get("hosts", 2))):
    threading.Thread(target=lambda n=number: Volunteer(folder, workers, n, settings).run(), daemon=True).start()
with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as port:
    port.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
