"""Wrong account keys, and guessed passwords, as fast as can be."""
from concurrent.futures import ThreadPoolExecutor
from attack import *

stranger = f"<scheduler_request><authenticator>{'0' * 32}</authenticator></scheduler_request>".encode()
request = head("POST", "/scheduler", f"Content-Length: {len(stranger)}", "Connection: close") + stranger


def put_off(request, most):
    """Whether one of so many is. They go side by side: one after the other, on a busy machine, is a pace that anybody may keep."""
    with ThreadPoolExecutor(32) as pool:
        for begin in range(0, most, 64):
            if "429" in map(status_of, pool.map(say, [request] * min(64, most - begin))):
                return True
    return False


check(put_off(request, 2000), "2000 wrong keys, and nobody minds")
check("<scheduler_reply" in Host("has-the-key").ask(seconds=0), "a right key from the same address is not answered")
guess = head("GET", "/lookup_account.php?email_addr=me@x.org&passwd_hash=" + "0" * 32, "Connection: close")
check(put_off(guess, 256), "256 guessed passwords, and nobody minds")
done()
until_over(lambda: [say(request) for _ in range(50)], 0.05)
