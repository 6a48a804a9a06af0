#!/usr/bin/env python3
"""A real Prometheus reads what a master says of itself.

    prometheus_test.py PROGRAM...       checks the text that the program prints: promtool has nothing against it, all that
                                        docs/grafana.json shows is in it, and a Prometheus that scrapes it answers a query
    prometheus_test.py --url URL        the same for what is served there, /metrics of a dashboard
    prometheus_test.py --app PROGRAM... the same for the dashboard of an application while it runs

The exit status is 77 where Prometheus (Debian: prometheus) is not installed.
"""

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

LONGEST_WAIT_S = 60
QUERY = "cppmw_tasks_finished_total"


def check_with_promtool(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=LONGEST_WAIT_S)
    said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    if done.returncode != 0 or said:
        sys.exit(f"promtool check metrics ended with {done.returncode}:\n{said}")


def check_dashboard(text):
    """Its queries are such, and ask for what there is."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/grafana.json")
    with open(path, encoding="utf-8") as file:
        queries = [target["expr"] for panel in json.load(file)["panels"] for target in panel["targets"]]
    there = set(re.findall(r"^(cppmw_\w+)[{ ]", text.decode(), re.M))
    missing = {name for query in queries for name in re.findall(r"\bcppmw_\w+", query)} - there
    if missing or not queries:
        sys.exit(f"docs/grafana.json asks for {', '.join(sorted(missing)) or 'nothing'}")
    rules = [{"record": f"query_{i}", "expr": query.replace("$__rate_interval", "1m")} for i, query in enumerate(queries)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "grafana", "rules": rules}]}, file)  # JSON is YAML, too
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, timeout=LONGEST_WAIT_S)
    if done.returncode != 0:
        sys.exit(f"docs/grafana.json has queries that are none:\n{done.stdout}{done.stderr}")


class Page:
    """Serves one text on a free port, for as long as it is in use."""

    def __init__(self, text):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/metrics"

    def __exit__(self, *_):
        self.server.shutdown()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def configuration(url):
    parts = urllib.parse.urlsplit(url)
    return json.dumps(
        {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {
                    "job_name": "cppmw",
                    "scheme": parts.scheme,
                    "metrics_path": parts.path or "/metrics",
                    "static_configs": [{"targets": [parts.netloc]}],
                }
            ],
        }
    )


def answers(port, query):
    """The values of a query, as soon as there are some; an empty list before that."""
    try:
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(url, timeout=5) as answer:
            return [one["value"][1] for one in json.load(answer)["data"]["result"]]
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return []


def check_scrape(url):
    with tempfile.TemporaryDirectory() as folder:
        config, log = os.path.join(folder, "prometheus.yml"), os.path.join(folder, "log")
        with open(config, "w", encoding="utf-8") as file:
            file.write(configuration(url))
        port = free_port()
        with open(log, "wb") as output:
            server = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={folder}/data",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            end = time.monotonic() + LONGEST_WAIT_S
            while not (values := answers(port, QUERY)):
                if server.poll() is not None or time.monotonic() > end:
                    with open(log, encoding="utf-8", errors="replace") as file:
                        sys.exit(f"Prometheus has no answer to {QUERY}; it said:\n{file.read()}")
                time.sleep(0.1)
            if answers(port, "up") != ["1"]:
                sys.exit(f"Prometheus could not read {url}")
            return values
        finally:
            server.terminate()
            server.wait(LONGEST_WAIT_S)


def check_url(url):
    with urllib.request.urlopen(url, timeout=LONGEST_WAIT_S) as answer:
        text = answer.read()
    check_with_promtool(text)
    print(f"{QUERY}: {', '.join(check_scrape(url))}")


def check_application(words):
    """The application says at which address it can be watched, and runs until it has been looked at."""
    with subprocess.Popen([*words, "--dashboard"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        try:
            said = running.stderr.readline()
            found = re.match(r"dashboard: (http://[0-9.:]+/)#key=[0-9a-f]{32}$", said)
            if not found:
                sys.exit(f"{words[0]} said in its first line: {said!r}")
            check_url(found.group(1) + "metrics")
            if running.poll() is not None:
                sys.exit(f"{words[0]} ended with {running.returncode} before all of it was seen")
        finally:
            running.kill()


def main(arguments):
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        print("Prometheus is not installed (Debian: prometheus)")
        return 77
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    if arguments[0] == "--url":
        check_url(arguments[1])
        return 0
    if arguments[0] == "--app":
        check_application(arguments[1:])
        return 0
    text = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, timeout=LONGEST_WAIT_S).stdout
    check_with_promtool(text)
    check_dashboard(text)
    with Page(text) as url:
        print(f"{QUERY}: {', '.join(check_scrape(url))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
