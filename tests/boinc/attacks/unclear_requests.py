"""Requests whose end two readers would see in different places."""
from attack import *

hidden = head("GET", "/get_project_config.php")
length = f"Content-Length: {len(hidden)}"
cases = [
    (head("POST", "/scheduler", "Transfer-Encoding: xchunked"), "501"),
    (head("POST", "/scheduler", "Transfer-Encoding: chunked"), "411"),
    (head("POST", "/scheduler", "Transfer-Encoding: chunked", length), "400"),
    (head("POST", "/scheduler", "Content-Length: 0", length), "400"),
    (head("HEAD", "/", length), "400"),
    (head("GET", "/", length), "400"),
    (head("POST", "/", length), "413"),
    (head("BREW", "/"), "501"),
]


answered = set()


def attack():
    for request, right in cases:
        answer = say(request + hidden)
        if answer:  # else the run is over, and nobody has said so yet
            check(status_of(answer) == right, f"{request!r} was answered {answer[:80]!r}, not {right}")
            check(answer.count(b"HTTP/1.1 ") == 1, f"what was hidden behind {request!r} was answered")
        answered.add(status_of(answer))


attack()
check("none" not in answered, "a request was not answered")
answer = say(head("HEAD", "/", "Connection: close"))
check(status_of(answer) == "200" and answer.endswith(b"\r\n\r\n"), "HEAD was answered with a body")
done()
until_over(attack)
