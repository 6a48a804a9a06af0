"""A host whose name, and whose tasks' stderr, would write to the master's terminal."""
from attack import *

evil = "\x1b]0;mine\x07\x1b[2J\r\n[mw 00:00:00.000 warning] a line of mine"
host = Host("evil<![CDATA[" + evil + "]]>")
reply = ""
for _ in range(50):
    reply = host.ask()
    if instances_in(reply):
        break
    time.sleep(0.2)
check(instances_in(reply), "no work came")
host.ask(seconds=0, results=result(instances_in(reply)[0], 1, "<![CDATA[" + evil + "]]>"))
page = get("/").decode(errors="replace")
check("\x1b" not in page, "the page holds an escape sequence")
log = (WORK / "err").read_text(errors="replace")
check("\x1b" not in log and "\n[mw 00:00:00" not in log, "the log holds an escape sequence, or a line that a volunteer made")
done()
