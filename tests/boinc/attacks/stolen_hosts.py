"""Requests with other hosts' numbers, and counters that are far ahead: nobody's work or trust is to be had that way."""
from attack import *

own = Host("thief")
own.ask(seconds=0)
mine = own.id


def steal(number):
    thief = Host(f"thief of {number}")
    thief.id, thief.sequence = number, 10**12
    thief.extra = "<cross_project_id>" + "0" * 32 + "</cross_project_id>\n<other_results></other_results>"
    reply = thief.ask(seconds=0)
    if "<scheduler_reply" not in reply:
        raise ConnectionError("not answered")  # the run is over, and nobody has said so yet
    if "Too many new hosts" in reply:  # that came from here, under whatever name: it is none
        return
    check(thief.id != number, f"host {number} was taken")
    check(not instances_in(reply), f"host {number}'s work was taken")


for number in range(1, mine + 20):
    steal(number)
own.ask(seconds=0)
check(own.id == mine, "a host that proved to be itself is another one now")
done()
until_over(lambda: steal(1), 1)
