"""Bodies of 8 MiB to every address, with and without a key, and never ended."""
from concurrent.futures import ThreadPoolExecutor
from attack import *

paths = ["/", "/nothing", "/download/x", "/scheduler", "/file_upload_handler", "/create_account.php"]
known = f"<scheduler_request>\n<authenticator>{KEY}</authenticator>\n".encode()
held = []


def one(number, size=6_000_000):
    connection = connect(2)
    path = paths[number % len(paths)]
    begin = known if path == "/scheduler" and number % 4 else b"<x>"
    try_to_send(connection, head("POST", path, "Content-Length: 8000000") + begin + b" " * size)
    return connection


def attack(count=150):
    held.clear()
    with ThreadPoolExecutor(50) as pool:
        held.extend(pool.map(one, range(count)))


before = resident_mb()
attack()
check(resident_mb() < before + 300, f"the server took {resident_mb() - before} MB for bodies that nobody asked for")
done()
until_over(attack)
