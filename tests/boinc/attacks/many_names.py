"""One key holder under ever new names, who takes all work that there is and fails it."""
from attack import *

failed = 0


def fail_all(number):
    global failed
    host = Host(f"name {number}")
    given = instances_in(host.ask(seconds=1e9))
    failed += len(given)
    if given:
        host.ask(seconds=0, results="".join(result(name, 1, "it went wrong") for name in given))
    return len(given)


for number in range(60):
    fail_all(number)
check(failed < 60, f"{failed} instances were given to names that fail everything")
check(fail_all(1000) == 0, "a new name still gets work")
done()
until_over(lambda: fail_all(2000), 1)
