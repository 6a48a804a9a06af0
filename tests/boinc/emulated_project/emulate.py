#!/usr/bin/env python3
"""An emulated BOINC project for tests: its folder with the tools that jobs are made with, its remote submission RPC, and volunteers that
run the worker build. What it says, and how, is what a real server (1.6.2) was seen to say: PHP's notices before the root element, errors with
HTTP status 200, <aborted NAME> without an end.

  emulate.py FOLDER WORKERS KEY [fail=NAME_PART] [slow=SECONDS] [down=SECONDS]

FOLDER/port has the port once it listens. fail: the first workunit whose name has the part ends in an error. slow: each workunit takes that much
longer. down: after the first batch the RPC answers with status 500 for so long."""
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree as tree
from email.parser import BytesParser
from email.policy import HTTP

here = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, here)
from project import database  # noqa: E402

folder, workers, key = (os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3])
settings = dict(word.split("=", 1) for word in sys.argv[4:])
failed_on_purpose = threading.Event()
down_until = [0.0]
JUNK = '\nDeprecated: Creation of dynamic property BoincDb::$x is deprecated in <b>/html/inc/db.inc</b> on line <b>42</b><br />\n'


def make_folder():
    for part in ("bin", "templates", "apps", "download", "upload", "results"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    for tool in ("stage_file", "create_work", "cancel_jobs", "project.py"):
        shutil.copy(os.path.join(here, tool), os.path.join(folder, "bin", tool))
    for daemon in ("sample_bitwise_validator", "sample_assimilator", "sample_dummy_assimilator"):
        open(os.path.join(folder, "bin", daemon), "a", encoding="utf-8").close()
    for name, text in (("config.xml", "<?xml version=\"1.0\" ?>\n<boinc>\n  <config><db_passwd>secret</db_passwd></config>\n  <!-- ours -->\n"
                        "  <daemons>\n    <daemon><cmd>feeder -d 3</cmd></daemon>\n  </daemons>\n</boinc>\n"),
                       ("project.xml", "<boinc>\n</boinc>\n")):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


def keeps_outputs(app):
    """Whether they stay in the upload folder: the application was set up for jobs over the network."""
    with open(os.path.join(folder, "templates", app + "_out"), encoding="utf-8") as template:
        return "<no_delete" in template.read()


def compute(name, app, batch, template, files):
    """A slot, as the client makes one; what came of it goes where the assimilator would put it."""
    slot = os.path.join(folder, "slots", name)
    os.makedirs(slot)
    opened = re.findall("<open_name>([^<]*)</open_name>", open(os.path.join(folder, template), encoding="utf-8").read())
    for open_name, file in zip(opened, files.split()):
        shutil.copy(os.path.join(folder, "download", file), os.path.join(slot, open_name))
    time.sleep(float(settings.get("slow", 0)))
    program = os.path.join(workers, app)
    run = subprocess.run([program], cwd=slot, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    is_well = run.returncode == 0 and os.path.exists(os.path.join(slot, "boinc_finish_called"))
    if settings.get("fail") and settings["fail"] in name and not failed_on_purpose.is_set():
        failed_on_purpose.set()
        is_well = False
    results = os.path.join(folder, "results", str(batch))
    if not keeps_outputs(app):
        os.makedirs(results, exist_ok=True)
    if is_well and keeps_outputs(app):
        os.rename(os.path.join(slot, "out"), os.path.join(folder, "upload", name))
    elif is_well:
        os.rename(os.path.join(slot, "out"), os.path.join(results, name + "__file_out"))
    elif not keeps_outputs(app):
        with open(os.path.join(results, name + "_error"), "w", encoding="utf-8") as file:
            file.write("0x2\n")
    shutil.rmtree(slot)
    return is_well


def volunteer():
    connection = database(folder)
    while True:
        row = connection.execute("UPDATE workunit SET status = 'IN_PROGRESS', changed = ?, runs = runs + 1 WHERE id = "
                                 "(SELECT id FROM workunit WHERE status = 'UNSENT' ORDER BY priority DESC, id LIMIT 1) "
                                 "RETURNING name, app, batch, template, files", (time.time(),)).fetchall()
        if not row:
            time.sleep(0.02)
            continue
        is_well = compute(*row[0])
        connection.execute("UPDATE workunit SET status = ?, error_mask = error_mask | ?, changed = ? WHERE name = ? AND status = 'IN_PROGRESS'",
                           ("DONE" if is_well else "ERROR", 0 if is_well else 2, time.time(), row[0][0]))


class Refused(Exception):
    pass


def create_batch(request, _):
    name = request.findtext("batch_name")
    if not os.path.exists(os.path.join(folder, "templates", request.findtext("app_name") + "_in")):
        raise Refused("no app")
    return f"<batch_id>{database(folder).execute('INSERT INTO batch(name) VALUES (?)', (name,)).lastrowid}</batch_id>\n"


def get_templates(request, _):
    app = request.findtext("app_name")
    try:
        texts = [open(os.path.join(folder, "templates", app + end), encoding="utf-8").read() for end in ("_in", "_out")]
    except FileNotFoundError as e:
        raise Refused("no app named " + app) from e
    return "<templates>\n" + "\n".join(texts) + "\n</templates>\n"


def batch_of(request):
    row = database(folder).execute("SELECT id, njobs, state, name FROM batch WHERE name = ? OR id = ?",
                                   (request.findtext("batch_name"), request.findtext("batch_id"))).fetchone()
    if row is None:
        raise Refused("no such batch")
    return row


def query_batch(request, _):
    number, jobs, state, name = batch_of(request)
    return f"<id>{number}</id>\n<njobs>{jobs}</njobs>\n<fraction_done>0</fraction_done>\n<state>{state}</state>\n<name>{name}</name>\n"


def query_files(request, _):
    absent = [i for i, name in enumerate(request.findall("phys_name")) if not os.path.exists(os.path.join(folder, "download", name.text))]
    return "<absent_files>\n" + "".join(f"<file>{i}</file>\n" for i in absent) + "</absent_files>\n"


def upload_files(request, files):
    names = [name.text for name in request.findall("phys_name")]
    if request.find("batch_id") is not None:
        raise Refused("Table 'batch_file_assoc' doesn't exist")
    if len(names) != len(files) or len(files) > 20:
        raise Refused(f"# of uploaded files ({min(len(files), 20)}) doesn't agree with request ({len(names)})")
    for name, data in zip(names, files):
        with open(os.path.join(folder, "download", name), "wb") as file:
            file.write(data)
    return "<success/>\n"


def submit_batch(request, _):
    batch = request.find("batch")
    number = int(batch.findtext("batch_id"))
    connection = database(folder)
    if connection.execute("SELECT state FROM batch WHERE id = ?", (number,)).fetchone() != (0,):
        raise Refused("batch not in init state")
    lines = []
    for job in batch.findall("job"):
        files = [file.findtext("source") for file in job.findall("input_file") if file.findtext("mode") == "local_staged"]
        lines.append(f"--wu_name {job.findtext('name')} --priority {job.findtext('priority')} {' '.join(files)}\n")
    made = subprocess.run([os.path.join(folder, "bin", "create_work"), "--appname", batch.findtext("app_name"), "--batch", str(number),
                           "--wu_template", "templates/" + batch.findtext("input_template_filename"), "--stdin"],
                          cwd=folder, input="".join(lines), capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Refused("create_work failed: " + made.stderr + " <see log>")
    connection.execute("UPDATE batch SET state = 1, njobs = ? WHERE id = ?", (len(lines), number))
    down_until[0] = time.time() + float(settings.get("down", 0))
    return f"<batch_id>{number}</batch_id>\n"


def query_batch2(request, _):
    text = f"<server_time>{time.time()}</server_time>\n"
    connection = database(folder)
    for name in request.findall("batch_name"):
        row = connection.execute("SELECT id FROM batch WHERE name = ?", (name.text,)).fetchone()
        if row is None:
            raise Refused("no batch named " + name.text)
        jobs = connection.execute("SELECT name, status FROM workunit WHERE batch = ? AND changed >= ?",
                                  (row[0], float(request.findtext("min_mod_time") or 0))).fetchall()
        text += f"   <batch_size>{len(jobs)}</batch_size>\n"
        for job, status in jobs:
            text += f"    <job>\n        <job_name>{job}</job_name>\n        <status>{status}</status>\n    </job>\n"
    return text


def query_completed_job(request, _):
    mask = database(folder).execute("SELECT error_mask FROM workunit WHERE name = ?", (request.findtext("job_name"),)).fetchone()
    return (f"<completed_job>\n   <error_mask>{mask[0]}</error_mask>\n   <exit_status>1</exit_status>\n"
            "   <stderr_out><![CDATA[\nit failed on purpose   ]]></stderr_out>\n</completed_job>\n")


def abort_jobs(request, _):
    text = ""
    for job in request.findall("job_name"):
        database(folder).execute("UPDATE workunit SET status = 'ERROR', error_mask = 16, changed = ? WHERE name = ? AND status != 'DONE'",
                                 (time.time(), job.text))
        text += f"<aborted {job.text}>\n"
    return text + "<success>1</success>\n"


def retire_batch(request, _):
    database(folder).execute("UPDATE batch SET state = 4 WHERE id = ?", (batch_of(request)[0],))
    return "<success>1</success>\n"


HANDLERS = {"submit_rpc_handler.php": (get_templates, create_batch, submit_batch, query_batch, query_batch2, query_completed_job, abort_jobs,
                                       retire_batch),
            "job_file.php": (query_files, upload_files)}


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="text/xml"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if time.time() < down_until[0]:
            return self.answer(500, b"")
        form = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        parts = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in form.iter_parts()}
        request = tree.fromstring(parts.pop("request").decode())
        reply = f"<{request.tag}>\n"
        try:
            if request.findtext("authenticator") != key:
                raise Refused("bad authenticator")
            by_name = {handler.__name__: handler for handler in HANDLERS[os.path.basename(self.path)]}
            if request.tag not in by_name:
                raise Refused("no such action")
            reply += by_name[request.tag](request, list(parts.values()))
        except Refused as e:
            reply += f"<error>\n    <error_num>-1</error_num>\n    <error_msg>{e}</error_msg>\n</error>\n"
        self.answer(200, (JUNK + "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n" + reply + f"</{request.tag}>\n").encode())

    def do_GET(self):
        if time.time() < down_until[0]:
            return self.answer(500, b"")
        page, _, query = self.path.partition("?")
        fields = dict(urllib.parse.parse_qsl(query))
        if os.path.basename(page) != "get_output.php":
            return self.answer(404, b"")
        path = os.path.join(folder, "upload", os.path.basename(fields.get("wu_name", "")))
        if fields.get("auth_str") != key:
            return self.answer(200, b"ERROR: bad authenticator")
        if not os.path.isfile(path):
            return self.answer(200, b"ERROR: no such file: " + path.encode())
        with open(path, "rb") as file:
            self.answer(200, file.read(), "application/octet-stream")


make_folder()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
for _ in range(2):
    threading.Thread(target=volunteer, daemon=True).start()
with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
