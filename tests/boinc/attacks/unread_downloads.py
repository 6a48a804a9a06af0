"""Downloads of the worker build that nobody reads."""
from attack import *

host = Host("reads-nothing")
names = re.findall(r"<url>[^<]*/download/([^<]*)</url>", host.ask())
check(names, "there is nothing to download")
held = []


def attack(count=300):
    held.clear()
    for i in range(count):
        connection = connect(3)
        try_to_send(connection, head("GET", f"/download/{names[i % len(names)]}"))
        held.append(connection)


before = resident_mb()
attack()
check(resident_mb() < before + 300, f"the server took {resident_mb() - before} MB for downloads that nobody reads")
done()
until_over(attack)
