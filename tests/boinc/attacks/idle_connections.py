"""As many connections as this process may have, each with a beginning and no end."""
import resource
from attack import *

limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
most = min(10_000, limit - 100)
held = []


def attack():
    while len(held) < most and not is_over():
        connection = connect(3)
        try_to_send(connection, head("POST", "/scheduler", "Content-Length: 60000") + b"<scheduler_request>" + b" " * 1000)
        held.append(connection)


try:
    attack()
except OSError as e:
    check(len(held) > 1000, f"no more than {len(held)} connections: {e}")
print(f"the server has {resident_mb()} MB with {len(held)} connections")
check(resident_mb() < 700, f"the server has {resident_mb()} MB with {len(held)} connections that say nothing, and all other attacks")
check(b"<project_config>" in get("/get_project_config.php"), "who asks meanwhile is not answered")
done()
until_over(lambda: held.append(connect(3)) if len(held) < most else None, 1)
