"""Bodies of 8 MiB to every address, with and without a key, and never ended."""
from attack import *

paths = ["/", "/nothing", "/download/x", "/scheduler", "/file_upload_handler", "/create_account.php"]
known = f"<scheduler_request>\n<authenticator>{KEY}</authenticator>\n".encode()
held = []


def attack(count=150, size=2_000_000):
    held.clear()
    for i in range(count):
        connection = connect(3)
        path = paths[i % len(paths)]
        begin = known if path == "/scheduler" and i % 2 else b"<x>"
        try_to_send(connection, head("POST", path, "Content-Length: 8000000") + begin + b" " * size)
        held.append(connection)


before = resident_mb()
attack()
check(resident_mb() < before + 300, f"the server took {resident_mb() - before} MB for bodies that nobody asked for")
done()
until_over(attack)
