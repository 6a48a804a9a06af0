"""The emulated project's site: its remote submission RPC, its file handler, its outputs and what volunteers need, in the words of a real server (1.6.2 with PHP 8.2)."""
import http.server
import os
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree as tree
from email.parser import BytesParser
from email.policy import HTTP

import scheduler
import server_status
from project import database, hash_folder, hier_path, is_open_to_web, md5_of, value

HEADER = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n'
UPLOAD_LIMIT, POST_LIMIT = 2 << 20, 8 << 20  # PHP's upload_max_filesize and post_max_size, as they come; php_limits in the folder has others
END = "\n        </{name}>\n    "


def limits(folder):
    path = os.path.join(folder, "php_limits")
    if not os.path.exists(path):
        return UPLOAD_LIMIT, POST_LIMIT
    with open(path, encoding="utf-8") as file:
        return tuple(int(word) for word in file.read().split())


class Refused(Exception):
    def __init__(self, message, number=-1):
        super().__init__(message)
        self.number = number


def notice(kind, text, file, line):
    return f"<br />\n<b>{kind}</b>:  {text} in <b>PROJECT/html/{file}</b> on line <b>{line}</b><br />\n"


def error(refused):
    return f"<error>\n    <error_num>{refused.number}</error_num>\n    <error_msg>{refused}</error_msg>\n</error>\n"


class Fatal(Exception):
    """What PHP says before it ends in the middle of a reply."""

    def __str__(self):
        message, file, line = self.args
        return (f"<br />\n<b>Fatal error</b>:  Uncaught mysqli_sql_exception: {message} in PROJECT/html/inc/db_conn.inc:66\nStack trace:\n"
                f"#0 PROJECT/html/inc/db_conn.inc(66): mysqli-&gt;query()\n#1 PROJECT/html/{file}({line}): DbConn-&gt;do_query()\n#2 {{main}}\n"
                "  thrown in <b>PROJECT/html/inc/db_conn.inc</b> on line <b>66</b><br />\n")


class Rpc:
    """A request, answered; every method writes what follows the root element's beginning. `text` holds what was written when one ends."""

    def __init__(self, folder, request, files):
        self.folder, self.request, self.files = folder, request, files
        self.connection = database(folder)
        self.text = ""

    def upload_limit(self):
        return limits(self.folder)[0]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def say(self, text):
        self.text += text

    def end(self):
        self.say(END.format(name=self.request.tag))

    def app(self, element):
        name = element.findtext("app_name")
        if self.connection.execute("SELECT 1 FROM app WHERE name = ?", (name,)).fetchone() is None:
            raise Refused(f"app not found: {name}")
        return name

    def batch(self):
        row = self.connection.execute("SELECT id, njobs, state, name, app FROM batch WHERE name = ? OR id = ?",
                                      (self.request.findtext("batch_name"), self.request.findtext("batch_id"))).fetchone()
        if row is None:
            raise Refused("no such batch")
        return row

    def ping(self):
        self.say("<success>1</success>")
        self.end()

    def get_templates(self):
        app = self.app(self.request)
        try:
            texts = [open(self.path("templates", app + end), encoding="utf-8").read() for end in ("_in", "_out")]
        except FileNotFoundError as e:
            raise Refused("template file missing") from e
        self.say("<templates>\n" + "\n".join(texts) + "\n</templates>")
        self.end()

    def create_batch(self):
        app = self.app(self.request)
        number = self.connection.execute("INSERT INTO batch(name, app) VALUES (?, ?)", (self.request.findtext("batch_name"), app)).lastrowid
        self.say(f"<batch_id>{number}</batch_id>")
        self.end()

    def submit_batch(self):
        batch = self.request.find("batch")
        app = self.app(batch)
        number = int(batch.findtext("batch_id"))
        if self.connection.execute("SELECT state FROM batch WHERE id = ?", (number,)).fetchone() != (0,):
            raise Refused("batch not in init state")
        lines = []
        for job in batch.findall("job"):
            files = [file.findtext("source") for file in job.findall("input_file") if file.findtext("mode") == "local_staged"]
            lines.append(f" --wu_name {job.findtext('name')} {' '.join(files)} --priority {job.findtext('priority')}\n")
        parameters = [word for name in ("rsc_fpops_est", "rsc_fpops_bound", "delay_bound") if batch.findtext("job_params/" + name)
                      for word in ("--" + name, batch.findtext("job_params/" + name))]
        made = subprocess.run([self.path("bin", "create_work"), "--appname", app, "--batch", str(number), "--wu_template",
                               "templates/" + batch.findtext("input_template_filename"), "--result_template",
                               "templates/" + batch.findtext("output_template_filename"), *parameters, "--stdin"],
                              cwd=self.folder, input="".join(lines), capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Refused("create_work failed: " + made.stdout + made.stderr)
        self.connection.execute("UPDATE batch SET state = 1, njobs = ? WHERE id = ?", (len(lines), number))
        self.say(f"<batch_id>{number}</batch_id>")
        self.end()

    def query_batch(self):
        number, jobs, state, name, app = self.batch()
        for property_name, line in (("njobs_success", 250), ("njobs_in_prog", 251)):
            self.say(notice("Deprecated", f"Creation of dynamic property BoincBatch::${property_name} is deprecated", "inc/submit_util.inc", line))
        self.say(f"\n        <id>{number}</id>\n        <create_time>{int(time.time())}</create_time>\n        <expire_time>0</expire_time>\n"
                 f"        <est_completion_time>0</est_completion_time>\n        <njobs>{jobs}</njobs>\n        <fraction_done>0</fraction_done>\n"
                 f"        <nerror_jobs>0</nerror_jobs>\n        <state>{state}</state>\n        <completion_time>0</completion_time>\n"
                 "        <credit_estimate>0</credit_estimate>\n        <credit_canonical>0</credit_canonical>\n"
                 f"        <name>{name}</name>\n        <app_name>{app}</app_name>\n")
        for row in self.connection.execute("SELECT id, name, canonical FROM workunit WHERE batch = ? ORDER BY id", (number,)):
            self.say("        <job>\n        <id>{}</id>\n        <name>{}</name>\n        <canonical_instance_id>{}</canonical_instance_id>\n"
                     "        </job>\n".format(*row))
        self.say("</query_batch>\n")

    def query_batch2(self):
        batches = []
        for name in self.request.findall("batch_name"):
            row = self.connection.execute("SELECT id FROM batch WHERE name = ?", (name.text,)).fetchone()
            if row is None:
                raise Refused("no batch named " + name.text)
            batches.append(row[0])
        # Sending a copy does not change the workunit.
        since = float(self.request.findtext("min_mod_time") or 0)
        self.say(f"<server_time>{time.time():.3f}</server_time>\n")
        for batch in batches:
            jobs = self.connection.execute(
                "SELECT name, CASE WHEN canonical THEN 'DONE' WHEN error_mask THEN 'ERROR' WHEN EXISTS (SELECT 1 FROM result WHERE "
                "workunit = workunit.id AND host != '') THEN 'IN_PROGRESS' ELSE 'UNSENT' END FROM workunit WHERE batch = ? AND changed >= ?",
                (batch, since)).fetchall()
            self.say(f"   <batch_size>{len(jobs)}</batch_size>\n")
            for job, status in jobs:
                self.say(f"    <job>\n        <job_name>{job}</job_name>\n        <status>{status}</status>\n    </job>\n")
        self.say("</query_batch2>\n")

    def query_completed_job(self):
        row = self.connection.execute("SELECT id, error_mask, canonical FROM workunit WHERE name = ?", (self.request.findtext("job_name"),)).fetchone()
        if row is None:
            raise Refused("no such job")
        self.say(f"<completed_job>\n   <error_mask>{row[1]}</error_mask>\n")
        if not row[2]:
            # The handler takes a name that it has not set, and dies.
            self.say(notice("Warning", "Undefined variable $job_id", "user/submit_rpc_handler.php", 890))
            raise Fatal("You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version for the right "
                        "syntax to use near '' at line 1", "user/submit_rpc_handler.php", 890)
        self.say(f"   <canonical_resultid>{row[2]}</canonical_resultid>\n   <exit_status>0</exit_status>\n   <elapsed_time>1.5</elapsed_time>\n"
                 "   <cpu_time>1.25</cpu_time>\n   <stderr_out><![CDATA[\n&lt;![CDATA[]]&gt;   ]]></stderr_out>\n</completed_job>")
        self.end()

    def abort_jobs(self):
        for job in self.request.findall("job_name"):
            row = self.connection.execute("SELECT id, batch FROM workunit WHERE name = ?", (job.text,)).fetchone()
            if row is None:
                raise Refused(f"no job {job.text}")
            if not row[1]:
                raise Refused(f"job {job.text} is not part of a batch")
            self.say(f"<aborted {job.text}>\n")
            self.abort("id = ?", row[0])
        self.say("<success>1</success>")
        self.end()

    def abort(self, where, number):
        self.connection.execute(f"UPDATE result SET state = 'over' WHERE state = 'unsent' AND workunit IN (SELECT id FROM workunit WHERE {where})",
                                (number,))
        self.connection.execute(f"UPDATE workunit SET error_mask = error_mask | 16, changed = ? WHERE {where}", (time.time(), number))

    def abort_batch(self):
        number = self.batch()[0]
        self.abort("batch = ?", number)
        self.connection.execute("UPDATE batch SET state = 3 WHERE id = ?", (number,))
        self.say("<success>1</success>")
        self.end()

    def retire_batch(self):
        self.connection.execute("UPDATE batch SET state = 4 WHERE id = ?", (self.batch()[0],))
        self.say("<success>1</success>")
        self.end()

    def make_folder(self, name):
        """Whether the file's folder is there, or could be made by the web server's user."""
        folder = hash_folder(self.folder, "download_dir", name)
        if os.path.isdir(folder):
            return is_open_to_web(folder)
        if is_open_to_web(value(self.folder, "download_dir")):
            os.mkdir(folder)
            return True
        self.say(notice("Warning", "mkdir(): Permission denied", "inc/dir_hier.inc", 32) + f"failed to mkdir: {folder}\n")
        return False

    def query_files(self):
        absent = []
        for i, name in enumerate(self.request.findall("phys_name")):
            self.make_folder(name.text)
            if not os.path.exists(hier_path(self.folder, "download_dir", name.text)):
                self.connection.execute("DELETE FROM job_file WHERE name = ?", (name.text,))
                absent.append(i)
        self.say("<absent_files>\n" + "".join(f"<file>{i}</file>\n" for i in absent) + "</absent_files>")
        self.end()

    def upload_files(self):
        names = [name.text for name in self.request.findall("phys_name")]
        if self.request.find("batch_id") is not None:
            raise Fatal("Table 'pool.batch_file_assoc' doesn't exist", "user/job_file.php", 256)
        if len(names) != len(self.files) or len(self.files) > 20:
            raise Refused(f"# of uploaded files ({min(len(self.files), 20)}) doesn't agree with request ({len(names)})")
        for name, data in zip(names, self.files):
            if len(data) > self.upload_limit():
                self.say(notice("Warning", "unlink(): No such file or directory", "user/job_file.php", 177))
                raise Refused(f"{name} upload failed because: The uploaded file exceeds upload_max_filesize of php.ini.")
        for name, data in zip(names, self.files):
            path = hier_path(self.folder, "download_dir", name)
            if not self.make_folder(name):
                self.say(notice("Warning", f"file_put_contents({path}.md5): Failed to open stream: No such file or directory", "inc/dir_hier.inc", 116))
                raise Refused("file operation failed; check permissions in download/*")
            if os.path.exists(path):
                with open(path, "rb") as file:
                    if file.read() != data:
                        raise Refused(f"file immutability violation for {name}")
            with open(path, "wb") as file:
                file.write(data)
            with open(path + ".md5", "w", encoding="utf-8") as file:
                file.write(f"{md5_of(path)} {len(data)}\n")
            if self.connection.execute("INSERT OR IGNORE INTO job_file VALUES (?)", (name,)).rowcount == 0:
                raise Fatal(f"Duplicate entry '{name}' for key 'jf_name'", "user/job_file.php", 256)
        self.say("<success/>")
        self.end()


RPC = {"submit_rpc_handler.php": ("ping", "get_templates", "create_batch", "submit_batch", "query_batch", "query_batch2", "query_completed_job",
                                  "abort_jobs", "abort_batch", "retire_batch"),
       "job_file.php": ("query_files", "upload_files")}
TOO_MUCH = (notice("Warning", 'Undefined array key "request"', "user/job_file.php", 299) +
            notice("Deprecated", "simplexml_load_string(): Passing null to parameter #1 ($data) of type string is deprecated", "user/job_file.php", 300) +
            notice("Deprecated", "htmlspecialchars(): Passing null to parameter #1 ($string) of type string is deprecated", "user/job_file.php", 302) +
            "<error>\n    <error_num>-1</error_num>\n    <error_msg>can't parse request message: </error_msg>\n"
            "    <file>PROJECT/html/user/job_file.php</file>\n    <line>302</line>\n</error>\n\n")


def answer_rpc(folder, key, handler, parts):
    request = tree.fromstring(parts.pop("request").decode())
    rpc = Rpc(folder, request, list(parts.values()))
    begin = HEADER + f"<{request.tag}>\n"
    while os.path.exists(os.path.join(folder, "web_hangs")):
        time.sleep(0.1)
    if request.tag not in RPC[handler]:
        return HEADER + error(Refused("bad command" if handler == "submit_rpc_handler.php" else "no such action")) + "\n"
    try:
        if os.path.exists(os.path.join(folder, "stop_web")):
            raise Refused("project down for maintenance", -183)
        if os.path.exists(os.path.join(folder, "database_away")):
            raise Refused("Can't connect to database", -138)
        if request.findtext("authenticator") != key:
            raise Refused("bad authenticator")
        getattr(rpc, request.tag)()
        return begin + rpc.text
    except Refused as e:
        return begin + rpc.text + error(e) + f"</{request.tag}>\n\n"
    except Fatal as e:
        return begin + rpc.text + str(e) + "\n"


def make_site(folder, key, is_down):
    """A handler's class. `is_down()`: answer everything with status 500."""

    class Site(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

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
            handler = os.path.basename(self.path)
            if handler == "sql":  # for the tests
                return self.answer(200, str(database(folder).execute(body.decode()).fetchone()[0]).encode())
            if is_down():
                return self.answer(500, b"")
            if handler == "cgi":
                return self.answer(200, scheduler.answer_scheduler(folder, self.url(), body).encode())
            if handler == "file_upload_handler":
                return self.answer(200, scheduler.answer_upload(folder, body).encode(), "text/plain")
            if len(body) > limits(folder)[1]:
                return self.answer(200, (HEADER + TOO_MUCH).encode())
            form = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
            parts = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in form.iter_parts()}
            self.answer(200, answer_rpc(folder, key, handler, parts).encode())

        def do_GET(self):
            if is_down():
                return self.answer(500, b"")
            page, _, query = self.path.partition("?")
            fields = dict(urllib.parse.parse_qsl(query))
            if page.endswith("/pool/"):
                return self.answer(200, scheduler.master_page(self.url()).encode(), "text/html")
            if page.startswith(("/pool/download/", "/pool/apps/")):
                return self.send_file(os.path.join(folder, os.path.relpath(page, "/pool")))
            if os.path.basename(page) == "server_status.php":
                status = server_status.page(folder) if fields.get("xml") else b"<html></html>"
                return self.answer(200, status) if status else self.answer(404, b"")
            if os.path.basename(page) != "get_output.php":
                return self.answer(404, b"")
            if fields.get("auth_str") != key:
                return self.answer(200, b"ERROR: bad authenticator")
            row = database(folder).execute("SELECT file FROM result WHERE id = (SELECT canonical FROM workunit WHERE name = ?)",
                                           (fields.get("wu_name", ""),)).fetchone()
            path = hier_path(folder, "upload_dir", row[0]) if row else "?"
            if not os.path.isfile(path):
                return self.answer(200, b"ERROR: no such file: " + path.encode())
            self.send_file(path)

        def send_file(self, path):
            if ".." in path or not os.path.isfile(path):
                return self.answer(404, b"")
            with open(path, "rb") as file:
                self.answer(200, file.read(), "application/octet-stream")

        def url(self):
            return f"http://127.0.0.1:{self.server.server_address[1]}/pool/"

    return Site
