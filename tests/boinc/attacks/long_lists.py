"""Requests with lists as long as they may be: results that nobody knows, work that the host does not have. Others are answered meanwhile."""
from attack import *

host = Host("lists")
given = instances_in(host.ask(seconds=1e9))
prefix = given[0].rsplit("_", 2)[0] if given else "monte_pi_000000"
reports = "".join(f"<result><name>{prefix}_{i % 20 + 1}_{i}</name><exit_status>1</exit_status><state>3</state></result>" for i in range(10_000))
others = "<other_results>" + "".join(f"<other_result><name>{prefix}_{i % 20 + 1}_{i}</name></other_result>" for i in range(10_000)) + "</other_results>"
running = "".join(f"<mw_running><name>{prefix}_{i % 20 + 1}_{i}</name><position>0</position><fraction>0.5</fraction></mw_running>" for i in range(10_000))
for _ in range(5):
    reply = host.ask(seconds=1e9, results=reports, more=others + running)
    check("<scheduler_reply>" in reply, "no reply")
    check(len(instances_in(reply)) <= 64, "too many instances in a reply")
quick = Host("quick")
for _ in range(20):
    check("<scheduler_reply>" in quick.ask(seconds=0), "another host is not answered")
done()
until_over(lambda: host.ask(seconds=1e9, results=reports, more=others), 0.5)
