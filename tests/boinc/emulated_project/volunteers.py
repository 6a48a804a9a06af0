"""Hosts that ask the emulated project for work: each runs the worker build in a slot, as BOINC's client does."""
import hashlib
import os
import shutil
import subprocess
import sys
import time

from project import Changes, database, hash_folder, hier_path, transaction, value
from server_status import runs
from templates import ReplyLost, read_as_client
from transitioner import transition

MAX_APPS = 10


class Volunteer:
    """`settings`: hold=N no more copies than so many are sent, of all that there ever were, until
    there is a file "go"; fail=NAME_PART[:TIMES] of the first one whose name has
    the part so many copies fail."""

    failures = {}  # the workunit that was chosen, and how often it has failed

    def __init__(self, folder, workers, number, settings):
        self.folder, self.workers, self.name, self.settings = folder, workers, f"host{number}", settings
        self.connection = database(folder)
        self.changes = Changes(self.connection)

    def run(self):
        while True:
            sent = self.ask()
            if sent is None:
                time.sleep(0.02)
                continue
            try:
                self.report(sent, *self.compute(sent))
            except ReplyLost as e:
                print(f"{self.name}: {e}", file=sys.stderr, flush=True)

    def ask(self):
        """(result, its name, workunit, its name, app, xml_doc). A host gets one copy of a workunit, if the project says so."""
        version = self.changes.version()
        if not self.changes.are_there():
            return None
        if self.connection.execute("SELECT 1 FROM result WHERE state = 'unsent' LIMIT 1").fetchone() is None:
            self.changes.nothing_to_do(version)
            return None
        if os.path.exists(os.path.join(self.folder, "stop_sched")) or not runs(self.folder, "feeder.pid"):
            return None
        only_one = "AND NOT EXISTS (SELECT 1 FROM result other WHERE other.workunit = workunit.id AND other.host = :host)"
        if value(self.folder, "one_result_per_host_per_wu") != "1":
            only_one = ""
        if self.connection.execute("SELECT count(*) FROM app").fetchone()[0] > MAX_APPS:
            return None  # the feeder has ended
        if "hold" in self.settings and not os.path.exists(os.path.join(self.folder, "go")):
            if self.connection.execute("SELECT count(*) FROM result WHERE state != 'unsent'").fetchone()[0] >= int(self.settings["hold"]):
                return None
        with transaction(self.connection):
            row = self.connection.execute(
                "SELECT result.id, result.name, workunit.id, workunit.name, app, xml_doc FROM result JOIN workunit ON workunit.id = workunit "
                f"WHERE state = 'unsent' {only_one} ORDER BY priority DESC, result.id LIMIT 1", {"host": self.name}).fetchone()
            if row:
                self.connection.execute("UPDATE result SET state = 'sent', host = ? WHERE id = ?", (self.name, row[0]))
        return row

    def compute(self, sent):
        """(file, exit status, stderr); no file: it failed."""
        _, name, _, workunit, app, xml_doc = sent
        slot = os.path.join(self.folder, "slots", name)
        os.makedirs(slot)
        for open_name, file, md5, nbytes in read_as_client(xml_doc):
            with open(hier_path(self.folder, "download_dir", file), "rb") as downloaded:
                data = downloaded.read()
            if len(data) != nbytes or hashlib.md5(data).hexdigest() != md5:
                return None, -119, "WU download error: couldn't get input files: MD5 check failed"
            with open(os.path.join(slot, open_name), "wb") as copy:
                copy.write(data)
        part, _, times = self.settings.get("fail", "").partition(":")
        if part and part in workunit and self.failures.setdefault(part, [workunit, 0])[0] == workunit and self.failures[part][1] < int(times or 1):
            self.failures[part][1] += 1
            shutil.rmtree(slot)
            return None, 1, "it failed on purpose"
        run = subprocess.run([os.path.join(self.workers, app)], cwd=slot, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if run.returncode != 0 or not os.path.exists(os.path.join(slot, "boinc_finish_called")):
            return None, run.returncode, run.stderr.decode(errors="replace")[-1000:]
        file = f"{name}_r{abs(hash(name)) % 10**9}_0"
        os.makedirs(hash_folder(self.folder, "upload_dir", file), exist_ok=True)
        os.rename(os.path.join(slot, "out"), hier_path(self.folder, "upload_dir", file))
        shutil.rmtree(slot)
        return file, 0, ""

    def report(self, sent, file, exit_status, stderr):
        with transaction(self.connection):
            self.changes.forget()
            self.connection.execute("UPDATE result SET state = ?, file = ?, exit_status = ?, stderr = ? WHERE id = ?",
                                    ("success" if file else "error", file or "", exit_status, stderr, sent[0]))
            transition(self.folder, self.connection, sent[2])
