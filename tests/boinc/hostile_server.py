#!/usr/bin/env python3
"""A project that means harm to its volunteers, or is broken.

  hostile_server.py FOLDER MODE      (writes the port that it listens at into FOLDER/port, what it is told into FOLDER/log, a line each)

MODE: honest            gives out one workunit after the other, each with a signed program that writes its output
      unsigned          gives a script as an input, and in the next reply as the program, with a signature of zeros
      same_name         … as an input that has the name of the program, which is run next
      overwriting       names an output like the program
      tampering         signs a program that changes the other programs and inputs on the disk
      slashes           names files and workunits with slashes in them
      endless_file, endless_program    sends files without an announced length, and without an end
      sizes             says that files have 0, -5, 1e15 and 1e300 bytes
      endless_reply, endless_page, endless_headers, endless_upload
      bad_key           shows a key that is none, with the first reply, then a good one
      redirect          sends whoever asks the scheduler to FOLDER/other (a port), with status 307; with 302 for uploads
      moved             honest, but with everything at another path, to which it points with status 301, 302, 307 and 308
      delays            asks for a pause of 1e10 s
      escapes           says things to terminals
      crowd             gives out 100,000 workunits at once
      long              honest, but the program takes very long
      silent            honest, but it does not answer the first request for work, and gives the same work again
      files             a project that has files in its slot replaced by links and pipes (the program does that), and runs it again
"""
import functools
import hashlib
import json
import os
import random
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOLDER, MODE = sys.argv[1], sys.argv[2]
ENDLESS = b"all work and no play makes jack a dull boy\n" * 1500


def prime(bits):
    while True:
        n = random.getrandbits(bits) | (3 << (bits - 2)) | 1
        if all(n % p for p in (3, 5, 7, 11, 13, 17, 19, 23)) and all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7)) and (n - 1) % 65537:
            return n


P, Q = prime(512), prime(512)
N, E = P * Q, 65537
D = pow(E, -1, (P - 1) * (Q - 1))


def lines_of(data):
    digits = data.hex()
    return "".join(digits[i : i + 64] + "\n" for i in range(0, len(digits), 64)) + ".\n"


@functools.lru_cache
def sign(data):
    digest = hashlib.md5(data).hexdigest().encode()
    padded = b"\x00\x01" + b"\xff" * (128 - 3 - len(digest)) + b"\x00" + digest
    return lines_of(pow(int.from_bytes(padded, "big"), D, N).to_bytes(128, "big"))


KEY = "1024\n" + lines_of(N.to_bytes(128, "big") + E.to_bytes(128, "big"))
FINISH = b"printf 0 > boinc_finish_called\n"
# "out" may be a file that says where the output is to be.
BEGIN = b"#!/bin/sh\no=$(sed -n 's/.*<soft_link>\\(.*\\)<.*/\\1/p' out 2>/dev/null)\n"
OUT = b' > "${o:-out}"\n' + FINISH
GOOD = BEGIN + b"echo well done" + OUT
EVIL = BEGIN + b"touch " + os.path.join(FOLDER, "evil").encode() + b"\necho done" + OUT
LONG = b"#!/bin/sh\nexec sleep 1000\n"
# What it changes is what the next one is to run; who would run it, if not who made it?
TAMPER = (
    BEGIN + b"cd ../..\nfor f in files/* programs/* inputs/*; do [ -f \"$f\" ] && cp --remove-destination "
    + os.path.join(FOLDER, "evil_program").encode()
    + b' "$f"; chmod 755 "$f"; done\ncd - >/dev/null\necho done'
    + OUT
)
# Its output is what the client might take for the program, and run, the next time.
OVERWRITE = BEGIN + b"cat " + os.path.join(FOLDER, "evil_program").encode() + OUT
SECRET = os.path.join(FOLDER, "secret")
# The first time it puts links and a pipe where the client writes and reads; the second time it is done, and its output
# is a link.
FILES = (
    b"#!/bin/sh\nif [ -e again ]; then ln -sf " + SECRET.encode() + b" out; " + FINISH.strip() + b"; exit 0; fi\ntouch again\n"
    b"rm -f stderr.txt init_data.xml boinc_mmap_file in\nmkfifo stderr.txt\nln -s " + SECRET.encode() + b" init_data.xml\nln -s "
    + SECRET.encode() + b" boinc_mmap_file\nln -s " + SECRET.encode() + b" in\nexit 0\n"
)
HERE = None
contents = {}  # by path
requests = 0
given = 0
acknowledged = set()


def log(**what):
    with open(os.path.join(FOLDER, "log"), "a") as file:
        file.write(json.dumps(what) + "\n")


def described(name, data, executable=False, signature=None, nbytes=None, md5=None):
    path = f"/download/{hashlib.md5(data).hexdigest()}/{name}"
    contents[path] = data
    text = f"<file_info>\n<name>{name}</name>\n<url>{HERE}{path}</url>\n"
    if executable:
        text += f"<executable/>\n<file_signature>\n{signature or sign(data)}</file_signature>\n"
    text += f"<nbytes>{len(data) if nbytes is None else nbytes}</nbytes>\n<md5_cksum>{md5 or hashlib.md5(data).hexdigest()}</md5_cksum>\n"
    return text + "</file_info>\n"


def workunit(number, program, files, program_name="program", inputs=("in",), output=None, name=None):
    """One instance, with all that it needs."""
    name = name or f"job_{number}"
    output = output or f"{name}_out"
    refs = "".join(f"<file_ref>\n<file_name>{i}</file_name>\n<open_name>{'in' if k == 0 else f'in_{k}'}</open_name>\n</file_ref>\n" for k, i in enumerate(inputs))
    return (
        f"<app>\n<name>app</name>\n</app>\n{program}{files}"
        f"<app_version>\n<app_name>app</app_name>\n<version_num>{100 + number}</version_num>\n<platform>x86_64-pc-linux-gnu</platform>\n"
        f"<file_ref>\n<file_name>{program_name}</file_name>\n<main_program/>\n</file_ref>\n</app_version>\n"
        f"<workunit>\n<name>wu_{number}</name>\n<app_name>app</app_name>\n{refs}</workunit>\n"
        f"<file_info>\n<name>{output}</name>\n<generated_locally/>\n<upload_when_present/>\n<max_nbytes>1000000</max_nbytes>\n"
        f"<upload_url>{HERE}/file_upload_handler</upload_url>\n<xml_signature>\nab\n.\n</xml_signature>\n</file_info>\n"
        f"<result>\n<name>{name}</name>\n<wu_name>wu_{number}</wu_name>\n<report_deadline>2000000000</report_deadline>\n"
        f"<platform>x86_64-pc-linux-gnu</platform>\n<version_num>{100 + number}</version_num>\n"
        f"<file_ref>\n<file_name>{output}</file_name>\n<open_name>out</open_name>\n</file_ref>\n</result>\n"
    )


def good(number, **options):
    options.setdefault("program", described("program", GOOD, executable=True))
    options.setdefault("files", described(f"in_{number}", b"input", executable=False))
    options.setdefault("inputs", (f"in_{number}",))
    return workunit(number, **options)


ZEROS = lines_of(b"\0" * 128)


def work(number):
    """What the volunteer is given at its request for work of this number, from 0."""
    if MODE == "unsigned":
        # The input stays on the volunteer's disk, as long as its task is not acknowledged.
        if number == 0:
            return good(0, files=described("tool", EVIL), inputs=("tool",))
        return good(number, program=described("tool", EVIL, executable=True, signature=ZEROS), program_name="tool") if number < 4 else ""
    if MODE == "same_name":
        if number == 0:
            return good(0, program=described("program", GOOD, executable=True), files=described("in_0", b"x"), inputs=("in_0",))
        if number == 1:  # two contents of one name: the reply's last one is what is sent
            one = good(1, files="", inputs=("program",), program=described("program", GOOD, executable=True))
            return one.replace("<app_version>", described("program", EVIL) + "<app_version>", 1)
        if number == 2:
            return good(2, program=described("program", EVIL, executable=True, signature=sign(GOOD)))
        return ""
    if MODE == "overwriting":
        if number == 0:
            return good(0, program=described("program", OVERWRITE, executable=True), output="program")
        return good(number, program=described("program", OVERWRITE, executable=True)) if number < 3 else ""
    if MODE == "tampering":
        if number == 0:
            return good(0, program=described("tamper", TAMPER, executable=True), program_name="tamper")
        return good(number, program=described("tamper", TAMPER, executable=True), program_name="tamper") if number < 3 else ""
    if MODE == "slashes":
        evil = described("program", EVIL, executable=True)
        if number == 0:
            return good(0, program=evil.replace("<name>program", "<name>../../program"), program_name="../../program")
        if number == 1:
            return good(1, name="../../job")
        if number == 2:
            return good(2, output="../../out")
        if number == 3:
            return good(3).replace("<open_name>in</open_name>", "<open_name>../../in</open_name>")
        if number == 4:
            return good(4).replace("<open_name>out</open_name>", "<open_name>in</open_name>")
        if number == 5:
            return good(5).replace("<open_name>out</open_name>", "<open_name>init_data.xml</open_name>")
        return ""
    if MODE == "endless_file":
        return good(0, files=described("endless", b"x" * 1000, nbytes=100_000_000), inputs=("endless",)) if number == 0 else ""
    if MODE == "endless_program":
        return good(0, program=described("endless", GOOD, executable=True)) .replace("<file_name>program", "<file_name>endless") if number == 0 else ""
    if MODE == "sizes":
        sizes = ["0", "-5", "1e15", "1e300", "nan", "-1e300"]
        if number < len(sizes):
            return good(number, files=described("endless", b"x", nbytes=sizes[number]), inputs=("endless",))
        return ""
    if MODE == "crowd":
        return "".join(good(n) for n in range(3000)) if number < 3 else ""
    if MODE == "long":
        return "".join(good(number * 2 + n, program=described("long", LONG, executable=True), program_name="long") for n in range(2)) if number < 1 else ""
    if MODE == "files":
        return good(0, program=described("files", FILES, executable=True), program_name="files") if number == 0 else ""
    return good(number) if number < 3 else ""


def reply_to(text):
    global given, requests
    requests += 1
    out = "<scheduler_reply>\n"
    if MODE == "delays":
        out += f"<request_delay>1e10</request_delay>\n<next_rpc_delay>-1e300</next_rpc_delay>\n"
    if "<hostid>0<" in text:
        out += "<hostid>7</hostid>\n"
    if "<code_sign_key>" not in text:
        key = "1024\nthis is no key\n.\n" if MODE == "bad_key" and requests <= 2 else KEY
        out += f"<code_sign_key>\n{key}</code_sign_key>\n"
    if MODE == "escapes":
        out += '<message priority="notice">\x1b]0;owned\x07 \x1b[2J hello\nfake line</message>\n'.replace("\x1b", "&#27;").replace("\x07", "&#7;")
    position = 0
    while MODE not in ("unsigned", "overwriting") or requests > 4:
        begin = text.find("<result>", position)
        if begin < 0:
            break
        name = text[text.find("<name>", begin) + 6 : text.find("</name>", begin)]
        out += f"<result_ack>\n<name>{name}</name>\n</result_ack>\n"
        acknowledged.add(name)
        position = begin + 1
    is_lost = MODE == "silent" and given == 0
    if is_lost or "<cpu_req_secs>0" not in text and MODE != "bad_key" or MODE == "bad_key" and requests > 2 and given < 1:
        out += work(given)
        given += 1
    if MODE == "delays":
        given = 3
    return out + "</scheduler_reply>\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # the end of the connection is the end of the answer

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def send(self, data, status=200, more=()):
        self.send_response(status)
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def send_endless(self, begin=b""):
        self.send_response(200)
        self.end_headers()
        sent = 0
        try:
            self.wfile.write(begin)
            while sent < 3_000_000_000:
                self.wfile.write(ENDLESS)
                sent += len(ENDLESS)
        except OSError:
            pass
        log(endless=sent)

    def do_GET(self):
        log(get=self.path)
        name = self.path.rpartition("/")[2]
        if MODE == "moved":
            if self.path == "/" or "/there" not in self.path and "in_" in self.path:
                return self.send(b"moved\n" * 1000, 301 if self.path == "/" else 302, [("Location", "/there" + self.path)])
            self.path = self.path.removeprefix("/there")
        if self.path == "/":
            page = f'<html><link rel="boinc_scheduler" href="{HERE}/scheduler"></html>\n'.encode()
            return self.send_endless(b"<html>\n") if MODE == "endless_page" else self.send(page)
        if MODE == "endless_headers" and "download" in self.path:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            sent = 0
            try:
                while sent < 3_000_000_000:
                    self.wfile.write(b"X-Header: " + ENDLESS[:1000].replace(b"\n", b" ") + b"\r\n")
                    sent += 1000
            except OSError:
                pass
            return log(endless=sent)
        if name == "endless":
            return self.send_endless()
        self.send(contents.get(self.path, b""), 200 if self.path in contents else 404)

    def do_POST(self):
        text = self.body().decode(errors="replace")
        if MODE == "moved" and "/there" not in self.path:
            return self.send(b"moved\n" * 1000, 307 if "scheduler" in self.path else 308, [("Location", "/there" + self.path)])
        if "scheduler" in self.path:
            ended = [part.partition("<name>")[2].partition("<")[0] + " " + part.partition("<exit_status>")[2].partition("<")[0] for part in text.split("<result>")[1:]]
            log(scheduler=len(text), results=ended, authenticator="<authenticator>" in text, leaving="<mw_leaving>" in text, stderr=text.partition("<stderr_out>")[2].partition("</stderr_out>")[0])
            if MODE == "redirect":
                other = open(os.path.join(FOLDER, "other")).read().strip()
                return self.send(b"", 307, [("Location", f"http://127.0.0.1:{other}/scheduler")])
            global requests
            if MODE == "silent" and requests == 0:
                requests += 1
                return time.sleep(1000)
            if MODE == "endless_reply":
                return self.send_endless(b"<scheduler_reply>\n")
            return self.send(reply_to(text).encode())
        log(upload=len(text), text=text[-200:])
        if MODE == "endless_upload":
            return self.send_endless(b"<data_server_reply>\n")
        self.send(b"<data_server_reply>\n<status>0</status>\n</data_server_reply>\n")


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
HERE = f"http://127.0.0.1:{server.server_port}"
with open(os.path.join(FOLDER, "evil_program"), "wb") as file:
    file.write(EVIL)
with open(SECRET, "w") as file:
    file.write("a secret of the volunteer's\n")
with open(os.path.join(FOLDER, "port.new"), "w") as file:
    file.write(str(server.server_port))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
server.serve_forever()
