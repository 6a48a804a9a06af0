"""Wrong account keys, and guessed passwords, as fast as can be."""
from attack import *

stranger = f"<scheduler_request><authenticator>{'0' * 32}</authenticator></scheduler_request>".encode()
request = head("POST", "/scheduler", f"Content-Length: {len(stranger)}", "Connection: close") + stranger


def statuses(request, most):
    for _ in range(most):
        yield status_of(say(request))


check("429" in statuses(request, 2000), "2000 wrong keys, and nobody minds")
check("<scheduler_reply" in Host("has-the-key").ask(seconds=0), "a right key from the same address is not answered")
guess = head("GET", "/lookup_account.php?email_addr=me@x.org&passwd_hash=" + "0" * 32, "Connection: close")
check("429" in statuses(guess, 200), "200 guessed passwords, and nobody minds")
done()
until_over(lambda: [say(request) for _ in range(50)], 0.05)
