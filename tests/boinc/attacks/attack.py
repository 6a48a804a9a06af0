"""What the attacks have in common: where the server is, how to speak to it badly, and when to end.

An attack is a script of its own in this folder: attacks_test.sh runs them together against one server. It does what it does, checks what it
saw, says done(), goes on until is_over(), and exits 0 if all that it saw was right. The environment says where:
  URL   the project's    KEY   its account key    PID   the server's process    WORK   a folder for notes
"""
import os, pathlib, re, socket, sys, time
from urllib.parse import urlparse

URL, KEY, PID = os.environ["URL"], os.environ["KEY"], int(os.environ["PID"])
WORK = pathlib.Path(os.environ["WORK"])
NAME = pathlib.Path(sys.argv[0]).stem
ADDRESS = (urlparse(URL).hostname, urlparse(URL).port)


def check(is_right, what):
    if not is_right:
        print(f"{NAME}: {what}", file=sys.stderr)
        sys.exit(1)


def done():
    """The attack has been seen to fail; it goes on until the others have, too."""
    (WORK / f"{NAME}.done").touch()


def is_over():
    return (WORK / "over").exists()


def until_over(action, pause=0.2):
    """Does it again and again. What happens to a connection now is nobody's business."""
    while not is_over():
        try:
            action()
        except OSError:
            pass
        time.sleep(pause)


def connect(limit=30):
    """`limit` is for what follows: beside ten thousand others, to connect may take a while on a machine with little to spare."""
    connection = socket.create_connection(ADDRESS, timeout=30)
    connection.settimeout(limit)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def try_to_send(connection, data):
    """As much of it as the server takes; false if it closes."""
    try:
        connection.sendall(data)
        return True
    except OSError:
        return False


def receive_all(connection):
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except OSError:
        pass
    return data


def head(method, path, *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def say(data):
    """One connection's worth of bytes; what comes back until the server closes."""
    with connect() as connection:
        try_to_send(connection, data)
        return receive_all(connection)


def post(path, body):
    return say(head("POST", path, f"Content-Length: {len(body)}", "Connection: close") + body).partition(b"\r\n\r\n")[2].decode(errors="replace")


def get(path):
    return say(head("GET", path, "Connection: close")).partition(b"\r\n\r\n")[2]


def status_of(answer):
    return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/1.1 ") else "none"


def resident_mb():
    for line in open(f"/proc/{PID}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


class Host:
    """A volunteer's host that speaks the scheduler's language as badly as it likes."""

    def __init__(self, name, key=KEY):
        self.name, self.key, self.id, self.sequence, self.extra = name, key, 0, 0, ""

    def ask(self, seconds=1.0, results="", more=""):
        self.sequence += 1
        request = f"""<scheduler_request>
<authenticator>{self.key}</authenticator>
<hostid>{self.id}</hostid>
<rpc_seqno>{self.sequence}</rpc_seqno>
<core_client_major_version>7</core_client_major_version><core_client_minor_version>20</core_client_minor_version>
<core_client_release>5</core_client_release>
<platform_name>x86_64-pc-linux-gnu</platform_name>
<work_req_seconds>{seconds}</work_req_seconds><cpu_req_secs>{seconds}</cpu_req_secs><cpu_req_instances>{1 if seconds > 0 else 0}</cpu_req_instances>
<host_info><domain_name>{self.name}</domain_name><host_cpid>{self.cpid()}</host_cpid><p_ncpus>1</p_ncpus><p_fpops>1e9</p_fpops>
<os_name>Linux</os_name><p_vendor>AuthenticAMD</p_vendor></host_info>
{self.extra}{results}{more}
</scheduler_request>
"""
        reply = post("/scheduler", request.encode())
        if found := re.search(r"<hostid>(\d+)</hostid>", reply):
            self.id = int(found[1])
        # A secret that only this host was told goes back with its next request.
        if found := re.search(r"<cross_project_id>(.*?)</cross_project_id>", reply):
            self.extra = f"<cross_project_id>{found[1]}</cross_project_id>\n"
        return reply

    def cpid(self):
        import hashlib

        return hashlib.md5(self.name.encode()).hexdigest()


def result(name, status, stderr="", files=""):
    state = 5 if status == 0 else 3
    return (f"<result><name>{name}</name><exit_status>{status}</exit_status><state>{state}</state><final_cpu_time>1</final_cpu_time>"
            f"<final_elapsed_time>1</final_elapsed_time><stderr_out>{stderr}</stderr_out>{files}</result>\n")


def instances_in(reply):
    return re.findall(r"<result>\s*<name>([^<]*)</name>", reply)


def output_in(reply):
    """Name, permission and limit of an instance's output file."""
    for info in re.findall(r"<file_info>.*?</file_info>", reply, re.S):
        if "<upload_when_present/>" in info or "<generated_locally/>" in info or "<max_nbytes>" in info:
            get = lambda tag: re.search(f"<{tag}>(.*?)</{tag}>", info, re.S)
            if get("xml_signature"):
                return get("name")[1], get("xml_signature")[1], get("max_nbytes")[1]
    return None


def upload_head(name, permission, limit, data, offset=0):
    import hashlib

    return (f"<data_server_request>\n<file_upload>\n<file_info>\n<name>{name}</name>\n<xml_signature>{permission}</xml_signature>\n"
            f"<max_nbytes>{limit}</max_nbytes>\n</file_info>\n<nbytes>{len(data)}</nbytes>\n<md5_cksum>{hashlib.md5(data).hexdigest()}</md5_cksum>\n"
            f"<offset>{offset}</offset>\n<data>\n").encode()
