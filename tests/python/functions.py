"""What the tests call by name."""
import os
import sys
import time
from dataclasses import dataclass

from cppmw_worker import count, emit, set_progress, should_stop, time_block


@dataclass
class Point:
    x: float
    y: float


class Sour(Exception):
    pass


def same(value):
    return value


def kinds(*values):
    return [type(value).__name__ for value in values]


def add(x, y=1):
    return x + y


def size_of(text):
    return len(text)


def text_of(size):
    return "x" * size


def fail(text):
    raise Sour(text)


def count_eels(eels):
    with time_block("walk"):
        count("walks")
        count("eels", eels)
        count("x" * 200)
    return eels


_seen = set()


def fails_once(number):
    count("tries")
    if number not in _seen:
        _seen.add(number)
        raise Sour("not yet")
    return number


def divide(x):
    return 10 / x


def wrong_inside():
    return len(3)


def leave(status):
    print("no more eels")
    sys.exit(status)


def abort():
    print("said before the abort", file=sys.stderr)
    os.abort()


def leave_at_once(status):
    os._exit(status)


def for_ever():
    while True:
        pass


def until_told():
    while not should_stop():
        time.sleep(0.005)
    return "told"


def say(text):
    print(text)
    print("err " + text, file=sys.stderr)
    os.write(1, b"from below\n")
    return len(text)


def much(kilobytes):
    for _ in range(kilobytes):
        print("x" * 1023)


def change_all():
    os.chdir("/")
    os.environ["EEL"] = "1"
    os.umask(0o777)
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    sys.stdout = sys.stderr


def close_all():
    sys.stdout.close()
    sys.stderr.close()
    os.close(1)
    os.close(2)


def remove_folder():
    os.rmdir(os.getcwd())
    return os.getpid()


def state():
    before = os.umask(0)
    os.umask(before)
    return [os.getcwd() == "/", os.environ.get("EEL"), before == 0o777]


def parts(count):
    for number in range(count):
        emit({"number": number})
        set_progress((number + 1) / count)


def halfway(path):
    set_progress(0.5)
    while not os.path.exists(path):
        time.sleep(0.005)


def lines(count):
    for number in range(count):
        print("line", number)


def of_file(name):
    with open(name, encoding="utf-8") as file:
        text = file.read()
    with open("made.txt", "w", encoding="utf-8") as file:
        file.write(text.upper())
    os.mkdir("deep")
    for name in ("a.csv", "b.csv", ".hidden.csv"):
        with open("deep/" + name, "w", encoding="utf-8") as file:
            file.write(name)
    return sorted(os.listdir("."))


def mode_of(name):
    return os.stat(name).st_mode & 0o777


def eat(megabytes):
    return len(bytearray(megabytes << 20))


def set_of(values):
    return set(values)


def point():
    return Point(1.5, 2.5)


def huge():
    return 1 << 70


def deep(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


def lone_surrogate():
    return "\ud800"


def pid():
    return os.getpid()


def grandchild():
    import subprocess

    return subprocess.Popen(["sleep", "600"]).pid


def odd(x):
    if x % 2 == 0:
        raise ValueError(f"{x} is even")
    return x


def _hidden():
    return 1


def set_if_two(x):
    return {x} if x == 2 else x


def named(name):
    return {name: 1}
