"""Another content for the same output, held back until the first one was reported."""
from attack import *

host = Host("two-faced")
reply = ""
for _ in range(50):
    reply = host.ask()
    if output_in(reply):
        break
    time.sleep(0.2)
check(output_in(reply), "no work came")
name, permission, limit = output_in(reply)
first, second = b"a" * 200_000, b"b" * 200_000

held_back = connect()
begin = upload_head(name, permission, limit, second)
try_to_send(held_back, head("POST", "/file_upload_handler", f"Content-Length: {len(begin) + len(second)}") + begin + second[:100_000])
time.sleep(0.2)
answer = post("/file_upload_handler", upload_head(name, permission, limit, first) + first)
check("<status>0</status>" in answer, f"the first upload was answered {answer}")
try_to_send(held_back, second[100_000:])
held_back.shutdown(socket.SHUT_WR)
answer = receive_all(held_back)
check(b"<status>0</status>" not in answer, "the upload that was held back was taken")
host.ask(seconds=0, results=result(instances_in(reply)[0], 1, "gives it back"))
done()
