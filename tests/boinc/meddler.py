#!/usr/bin/env python3
"""A proxy between a BOINC client and a project that meddles with what goes by.

  meddler.py PORT_FILE PROJECT_PORT MODE      (writes the port that it listens at into the file)

MODE: lie       changes what the client uploads, and its MD5 wherever the client says it: a host that computes something else
      tamper    changes the program that the client fetches, and its size's MD5: what only the signature can tell
      notfound  has no input files
      pass      changes nothing
"""
import hashlib
import http.client
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT_FILE, PROJECT, MODE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
THERE = f"127.0.0.1:{PROJECT}".encode()
new_md5 = {}  # of the true one


def changed(data):
    """One bit of the last value before the frame that ends an answer."""
    data = bytearray(data)
    data[-9] ^= 1
    return bytes(data)


def lie(body):
    if b"<data>\n" in body:
        head, data = body.split(b"<data>\n", 1)
        if len(data) > 16:
            lied = changed(data)
            true_md5, false_md5 = hashlib.md5(data).hexdigest().encode(), hashlib.md5(lied).hexdigest().encode()
            new_md5[true_md5] = false_md5
            body = head.replace(true_md5, false_md5) + b"<data>\n" + lied
    else:
        for true_md5, false_md5 in new_md5.items():
            body = body.replace(true_md5, false_md5)
    return body


def tamper(path, body):
    if body.startswith(b"\x7fELF"):
        changed_program = body + b"\0"
        new_md5[hashlib.md5(body).hexdigest().encode()] = hashlib.md5(changed_program).hexdigest().encode()
        return changed_program
    for true_md5, false_md5 in new_md5.items():
        body = body.replace(b"<nbytes>%d</nbytes>" % sizes[true_md5], b"<nbytes>%d</nbytes>" % (sizes[true_md5] + 1))
        body = body.replace(true_md5, false_md5)
    return body


sizes = {}


def learn_program():
    """What the tampered program will look like: the reply that names it comes before it does."""
    connection = http.client.HTTPConnection("127.0.0.1", PROJECT)
    connection.request("GET", f"/download/{program_name}")
    body = connection.getresponse().read()
    true_md5 = hashlib.md5(body).hexdigest().encode()
    sizes[true_md5] = len(body)
    tamper("", body)


program_name = None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        global program_name
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if MODE == "lie":
            body = lie(body)
        connection = http.client.HTTPConnection("127.0.0.1", PROJECT, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "expect", "accept-encoding")}
        try:
            connection.request(self.command, self.path, body.replace(HERE, THERE), headers)
            response = connection.getresponse()
            status, reply = response.status, response.read()
        except OSError:
            self.close_connection = True
            return
        if MODE == "notfound" and self.path.endswith("_in"):
            status, reply = 404, b"nothing\n"
        if MODE == "tamper":
            found = re.search(rb"<name>([^<]*-linux-gnu)</name>", reply)
            if found and not program_name:
                program_name = found.group(1).decode()
                learn_program()
            reply = tamper(self.path, reply)
        if not reply.startswith(b"\x7fELF"):
            reply = reply.replace(THERE, HERE)
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    do_GET = do_POST = answer


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
HERE = f"127.0.0.1:{server.server_port}".encode()
with open(PORT_FILE, "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
