#!/usr/bin/env python3
"""A CppMW worker in Python: a C++ master calls the functions of a Python file by their names.

    # score.py
    def score(x, weight=1.0):
        return x * weight

    // C++
    mw::Master master{mw::interface("multicore:2?worker=score.py")};
    double y = master.get_result(master.submit_task(mw::Remote<double>{"score"}, 2.5, 3));

All functions that the file defines, and whose names do not begin with '_', can be called; with `@task` before some of
them, those alone. Arguments and results are what JSON has: None, bool, int (64 bits), float, str, list, dict. A function
may print, call `emit`, `set_progress`, `should_stop`, `count` and `time_block`, and raise exceptions:

    from cppmw_worker import count, emit, set_progress, should_stop, task, time_block      # those that are wanted

    cppmw_worker.py score.py                                # by hand: says what it finds there
    cppmw_worker.py pack score.py more.py -o score.pyz      # one file of several, for machines elsewhere

Only the standard library is needed. The protocol: src/wire/README.md, "A worker in another language".
"""

import array
import contextlib
import fcntl
import importlib
import io
import json
import linecache
import os
import re
import resource
import select
import signal
import socket
import stat
import struct
import sys
import threading
import time
import traceback
import types

__all__ = ["task", "serve", "emit", "set_progress", "should_stop", "count", "time_block"]

PROTOCOL_VERSION = 14
BY_NAME = 0x7469E0EB2D06B7B0  # a worker's identity, and the number of the function that calls others by name
MAP_BY_NAME = 0x02EE35E760D15E02  # that of the one that calls another many times

HELLO, WELCOME, REFUSE, TASK, RESULT, FAILURE, PROGRESS = 1, 2, 3, 4, 5, 6, 7
HEARTBEAT, BYE, TASK_APART, FORGET, PART, NOTE, MEASURES = 9, 10, 11, 24, 25, 29, 39

# Why a task has no result (mw::Cause).
EXCEPTION, EXIT_STATUS, MEMORY_LIMIT, DATA_FILE, BAD_MESSAGE = 0, 1, 4, 9, 10
UNKNOWN_FUNCTION, OUTPUT_FILE, WORKER_START = 11, 15, 16

LONGEST_NAME, LONGEST_MESSAGE = 4096, 1 << 20
MOST_OUTPUT_FILES = 10_000
MOST_NAMES = 12  # that are said in an error
DEEPEST_FOLDERS = 100
MOST_MEASURES, LONGEST_MEASURE = 1000, 128  # names, and the bytes of one
F_GET_SEALS = 1034
ANCILLARY_ROOM, RECEIVE_FLAGS, TRUNCATED = socket.CMSG_SPACE(16 * 4), int(socket.MSG_CMSG_CLOEXEC), int(socket.MSG_CTRUNC)


def task(function):
    """Marks a function that masters may call. Where a file has such marks, they may call no other."""
    function.__cppmw_task__ = True
    return function


def emit(value):
    """Hands a value to the master while the task runs: it is read there as a mw::Value (Master::parts_of)."""
    _server_now("emit").send_part(_encoded(value))


def set_progress(fraction):
    """Tells the master how far the task is, 0 to 1."""
    server = _server_now("set_progress")
    payload = struct.pack("<QId", server.task, server.attempt, min(max(float(fraction), 0.0), 1.0))
    server.send(PROGRESS, payload)


def should_stop():
    """Whether the task's soft limit is over: it should return what it has."""
    return _server is not None and _server.soft_deadline is not None and time.monotonic() >= _server.soft_deadline


def count(name, n=1):
    """Counts n more (a whole number, 0 or more) under this name: Status::measures. Outside a task it does nothing."""
    n = int(n)
    if not 0 <= n < 1 << 64:
        raise ValueError(f"count({name!r}, {n}): a count has 0 to 2**64 - 1")
    if _server is not None and _server.task != 0:
        _server.measures.add(COUNT, name, n)


@contextlib.contextmanager
def time_block(name):
    """Measures how long what is in `with time_block(name):` takes. Outside a task it does nothing."""
    begin = time.perf_counter_ns()
    try:
        yield
    finally:
        if _server is not None and _server.task != 0:
            _server.measures.add(TIME, name, time.perf_counter_ns() - begin)


def serve():
    """Serves a master with the functions of the file that calls this; returns when the master is done."""
    sys.exit(_serve(sys._getframe(1).f_globals, os.path.basename(sys.argv[0])))


class WorkerError(Exception):
    """What ends this worker: its master does not keep to the protocol, or this file is used in a wrong way."""


class _TaskFailed(Exception):
    """The task ends with a failure of this kind."""

    def __init__(self, cause, message, kind="", exit_status=0, out_of_memory=False):
        super().__init__(message)
        self.cause, self.message, self.kind = cause, message, kind
        self.exit_status, self.out_of_memory = exit_status, out_of_memory


_server = None  # of this process, once its master knows it


def _server_now(what):
    if _server is None or _server.task == 0:
        raise RuntimeError(f"{what}() is called by a task, while it runs")
    return _server


# Values.


def _plain(value):
    """What json does not know: arrays and numbers of numpy and its like, dataclasses."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        import dataclasses

        return dataclasses.asdict(value)
    raise TypeError(f"a {type(value).__name__} cannot travel: None, bool, int, float, str, list and dict can")


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def _encoded(value):
    """A mw::Value in its encoded form: the length of a JSON text, and the text."""
    text = _encoder.encode(value).encode("utf-8")
    return struct.pack("<Q", len(text)) + text


class _Parser:
    """Takes a payload apart, front to back."""

    def __init__(self, payload):
        self.payload, self.at = payload, 0

    def take(self, size):
        end = self.at + size
        if end > len(self.payload):
            raise WorkerError("the master sent a torn message")
        piece = self.payload[self.at : end]
        self.at = end
        return piece

    def numbers(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def number(self, form):
        return self.numbers("<" + form)[0]

    def text(self):
        return os.fsdecode(bytes(self.take(self.number("I"))))

    def long_text(self):
        return self.take(self.number("Q"))

    def rest(self):
        return self.take(len(self.payload) - self.at)


class _Terms:
    """What a task wants beyond its arguments."""

    def __init__(self, payload):
        parser = _Parser(payload)
        self.soft_ns, self.hard_ns, self.memory = parser.numbers("<QQQ")
        self.files = [(parser.text(), parser.text()) for _ in range(parser.number("I"))]
        self.own_folder = parser.number("B") != 0
        self.outputs = [parser.text() for _ in range(parser.number("I"))]
        self.outputs_limit = parser.number("Q")
        self.outputs_folder = parser.text()
        self.shared = [parser.numbers("<QQQ") + (parser.text(),) for _ in range(parser.number("I"))]
        self.start_values, is_start, emit_stdout = parser.numbers("<IBB")
        self.is_start, self.emit_stdout = is_start != 0, emit_stdout != 0
        parser.number("Q")  # how long lies between two checkpoints, which are of functions in C++ only
        parser.take(parser.number("I"))  # the last one

    def has_folder(self):
        return self.own_folder or bool(self.files) or bool(self.outputs)


# What tasks count.

COUNT, TIME = 0, 1


def _class_of(value):
    """In which class of a master's histogram it is: eight to a power of two."""
    if value < 8:
        return value
    power = value.bit_length() - 1
    return (power - 2) * 8 + (value >> (power - 3) & 7)


class _Measures:
    """What a task has counted and timed. Any thread of it may."""

    def __init__(self):
        self.lock, self.names, self.is_short = threading.Lock(), {}, False

    def add(self, kind, name, value):
        key = kind, str(name).encode("utf-8", "replace")
        with self.lock:
            known = self.names.get(key)
            if known is None:
                if not 0 < len(key[1]) <= LONGEST_MEASURE or len(self.names) >= MOST_MEASURES:
                    self.is_short = True
                    return
                known = self.names[key] = [0, value, value, {}]
            known[0] += value
            known[1], known[2] = min(known[1], value), max(known[2], value)
            place = _class_of(value)
            known[3][place] = known[3].get(place, 0) + 1

    def add_all(self, other):
        """What a part of the task has measured that counts."""
        for key, (total, least, most, filled) in other.names.items():
            if key not in self.names and len(self.names) >= MOST_MEASURES:
                self.is_short = True
                continue
            known = self.names.setdefault(key, [0, least, most, {}])
            known[0] += total
            known[1], known[2] = min(known[1], least), max(known[2], most)
            for place, values in filled.items():
                known[3][place] = known[3].get(place, 0) + values
        self.is_short = self.is_short or other.is_short

    def encoded(self):
        """Counts by name, then times; b"" if there are none."""
        if not self.names:
            return b""
        pieces = [struct.pack("<Q", len(self.names))]
        for (kind, name), (total, least, most, filled) in sorted(self.names.items()):
            pieces.append(struct.pack("<BQ", kind, len(name)) + name)
            pieces.append(struct.pack("<dQQQ", total, least, most, len(filled)))
            pieces.extend(struct.pack("<HQ", *one) for one in sorted(filled.items()))
        return b"".join(pieces)


# What is printed.


class _Stream:
    """stdout or stderr: a memory file of a limited size, which the master reads, too, should this process die."""

    def __init__(self, number):
        self.number, self.is_short = number, False
        self.home = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3)
        self.inode = os.fstat(number).st_ino
        fcntl.fcntl(number, F_GET_SEALS)

    def text_stream(self):
        buffered = io.BufferedWriter(_Writer(self), 1 << 16)
        return io.TextIOWrapper(buffered, encoding="utf-8", errors="backslashreplace", line_buffering=True)

    def size(self):
        return os.lseek(self.home, 0, os.SEEK_CUR)

    def read(self, begin, end):
        pieces = []
        while begin < end:
            piece = os.pread(self.home, end - begin, begin)
            if not piece:
                break
            pieces.append(piece)
            begin += len(piece)
        return b"".join(pieces)

    def take(self):
        """What was printed since the last call. A task that led its descriptor elsewhere has done so for itself alone."""
        try:
            is_home = os.fstat(self.number).st_ino == self.inode
        except OSError:  # closed
            is_home = False
        if not is_home:
            os.dup2(self.home, self.number)
        size = self.size()
        if size == 0 and not self.is_short:
            return b""
        text = self.read(0, size)
        os.lseek(self.home, 0, os.SEEK_SET)
        if self.is_short:
            text += f"\n[the rest was dropped: a task may print {os.fstat(self.home).st_size >> 10} KiB]\n".encode()
        self.is_short = False
        return text


class _Writer(io.RawIOBase):
    """The end of a Python stream. A task may close it."""

    def __init__(self, stream):
        super().__init__()
        self.stream = stream

    def writable(self):
        return True

    def fileno(self):
        return self.stream.number

    def write(self, data):
        size = len(data)
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self.stream.number, rest) :]
            except PermissionError:  # it is full
                self.stream.is_short = True
                break
        return size


class _LiveOutput(threading.Thread):
    """Emits whole lines of what a task prints, while it runs."""

    def __init__(self, server, stream):
        super().__init__(daemon=True)
        self.server, self.stream, self.seen, self.over = server, stream, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            self.look(False)

    def look(self, is_last):
        text = self.stream.read(self.seen, self.stream.size())
        end = len(text) if is_last else text.rfind(b"\n") + 1
        if end:
            self.seen += end
            self.server.send_part(struct.pack("<Q", end) + text[:end])

    def finish(self):
        self.over.set()
        self.join()
        self.look(True)


# Files.


def _path_error(path):
    if not path or path.startswith("/") or path.endswith("/") or "\0" in path:
        return "is empty, absolute, or a folder's"
    if any(part in ("", ".", "..") for part in path.split("/")):
        return 'has an empty part or ".." in it'
    return None


class _Folders:
    """The folder of this process, where its tasks' folders are: TMPDIR/cppmw-UID/PID. Its master removes it."""

    def __init__(self):
        self.own, self.last = None, 0

    def make(self):
        if self.own is None:
            import shutil

            base = os.environ.get("TMPDIR", "/tmp")
            common = os.path.join(base if os.path.isdir(base) else "/tmp", f"cppmw-{os.getuid()}")
            try:
                os.mkdir(common, 0o700)
            except FileExistsError:
                status = os.lstat(common)
                if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
                    raise _TaskFailed(DATA_FILE, f"{common} is not a folder of this user alone (mode 700); remove it")
            own = os.path.join(common, str(os.getpid()))
            shutil.rmtree(own, ignore_errors=True)  # of an earlier process of this number
            os.mkdir(own, 0o700)
            self.own = own
        self.last += 1
        folder = os.path.join(self.own, f"task-{self.last}")
        os.mkdir(folder, 0o700)
        return folder

    def remove(self):
        if self.own is not None:
            import shutil

            shutil.rmtree(self.own, ignore_errors=True)


_folders = _Folders()


def _place_files(folder, files):
    """Copies, which the task may not write to."""
    import shutil

    for source, to in files:
        why = _path_error(to)
        if why:
            raise _TaskFailed(DATA_FILE, f'the path "{to}" in a task\'s folder {why}')
        target = os.path.join(folder, to)
        try:
            if not stat.S_ISREG(os.stat(source).st_mode):
                raise _TaskFailed(DATA_FILE, f"the data file {source} is not a regular file")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)
            os.chmod(target, 0o555 if os.access(source, os.X_OK) else 0o444)
        except OSError as e:
            raise _TaskFailed(DATA_FILE, f"the data file {source} cannot be placed at {target}: {e.strerror}") from None


def _pattern_of(pattern):
    """A pattern of one name as a regular expression: '*', '?' and '[…]'."""
    expression, at = "", 0
    while at < len(pattern):
        character = pattern[at]
        end = pattern.find("]", at + (3 if pattern[at + 1 : at + 2] in ("!", "^") else 2)) if character == "[" else -1
        if character == "*":
            expression += ".*"
        elif character == "?":
            expression += "."
        elif end > 0:
            inside = pattern[at + 1 : end]
            is_negated = inside[0] in "!^"
            inside = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside[1:] if is_negated else inside)
            expression += f"[{'^' if is_negated else ''}{inside}]"
            at = end
        else:
            expression += re.escape(character)
        at += 1
    return re.compile(expression, re.DOTALL)


def _matches(parts, folder, path, depth=0):
    """Paths in the task's folder that match the parts of a pattern, without hidden ones and without links to folders."""
    if depth > DEEPEST_FOLDERS:
        raise _TaskFailed(OUTPUT_FILE, f'the output "{path}" lies deeper than {DEEPEST_FOLDERS} folders')
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _matches(rest, folder, path, depth)
    expression = None if first == "**" else _pattern_of(first)
    with os.scandir(os.path.join(folder, path) if path else folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            inside = path + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if expression is None:
                if is_folder and not entry.name.startswith("."):
                    yield from _matches(parts, folder, inside + "/", depth + 1)
            elif expression.fullmatch(entry.name) and (first.startswith(".") or not entry.name.startswith(".")):
                if rest and is_folder:
                    yield from _matches(rest, folder, inside + "/", depth + 1)
                if not rest and not is_folder:
                    yield inside


def _find_outputs(terms, folder):
    """{path: status} of the files that are to come back."""
    found, total, data_files = {}, 0, {to for _, to in terms.files}
    for pattern in terms.outputs:
        is_pattern = any(character in pattern for character in "*?[")
        why = _path_error(pattern)
        if why:
            raise _TaskFailed(OUTPUT_FILE, f'the output "{pattern}" {why}')
        paths = [pattern]
        if is_pattern:
            paths = [path for path in _matches(pattern.split("/"), folder, "") if path not in data_files]
        if not paths:
            raise _TaskFailed(OUTPUT_FILE, f'the output "{pattern}" is not there: no file in the task\'s folder has such a path')
        for path in paths:
            if path in found:
                continue
            full = os.path.join(folder, path)
            try:
                if os.path.realpath(os.path.dirname(full)) != os.path.dirname(os.path.join(os.path.realpath(folder), path)):
                    raise _TaskFailed(OUTPUT_FILE, f'the output "{path}" is not there: a link leads to it')
                status = os.lstat(full)
            except (FileNotFoundError, NotADirectoryError):
                raise _TaskFailed(
                    OUTPUT_FILE, f'the output "{path}" is not there: the task has left no such file in its folder'
                ) from None
            if not stat.S_ISREG(status.st_mode):
                raise _TaskFailed(OUTPUT_FILE, f'the output "{path}" is no regular file')
            found[path] = status
            total += status.st_size
            if len(found) > MOST_OUTPUT_FILES:
                raise _TaskFailed(OUTPUT_FILE, f'the output "{path}" is one too many: a task may bring back {MOST_OUTPUT_FILES}')
            if total > terms.outputs_limit:
                raise _TaskFailed(
                    OUTPUT_FILE,
                    f'the output "{path}" has {status.st_size} bytes; with the files before it these are {total}, and the '
                    f"limit (outputs_limit) is {terms.outputs_limit}",
                )
    return dict(sorted(found.items(), key=lambda one: os.fsencode(one[0])))


def _read_whole(path, full, size):
    file = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(file, "rb") as opened:
        content = opened.read(size)
    if len(content) != size:
        raise _TaskFailed(OUTPUT_FILE, f'the output "{path}" became shorter while it was read')
    return content


def _take_outputs(terms, folder):
    """What stands in front of the value: the list of the files, and those that are not left in the master's folder."""
    import shutil

    try:
        found = _find_outputs(terms, folder)
        pieces = [b"CMWO", struct.pack("<I", len(found))]
        if terms.outputs_folder:
            os.mkdir(terms.outputs_folder, 0o700)
        for index, (path, status) in enumerate(found.items()):
            name, full = os.fsencode(path), os.path.join(folder, path)
            is_executable = 1 if status.st_mode & stat.S_IXUSR else 0
            pieces.append(struct.pack("<I", len(name)) + name)
            pieces.append(struct.pack("<BBQ", is_executable, 1 if terms.outputs_folder else 0, status.st_size))
            if terms.outputs_folder:
                shutil.move(full, os.path.join(terms.outputs_folder, str(index)))
            else:
                pieces.append(_read_whole(path, full, status.st_size))
        return b"".join(pieces)
    except OSError as e:
        raise _TaskFailed(OUTPUT_FILE, f"the task's outputs cannot be taken: {e}") from None


# The worker.


class _Server:
    def __init__(self, connection, functions, program):
        self.connection, self.functions, self.program = connection, functions, program
        self.buffer, self.descriptors = bytearray(), []
        self.sending = threading.Lock()
        self.task, self.attempt, self.soft_deadline = 0, 0, None
        self.measures, self.said_short = _Measures(), False
        self.out, self.err = _Stream(1), _Stream(2)
        self.stdout, self.stderr = self.out.text_stream(), self.err.text_stream()
        sys.stdout, sys.stderr = self.stdout, self.stderr

    def run(self):
        global _server
        self.folder, self.variables, self.umask = os.getcwd(), _variables().copy(), os.umask(0)
        os.umask(self.umask)
        self.say_hello()
        _server = self
        while True:
            frame = self.next_frame()
            if frame is None:
                return 0
            kind, payload = frame
            if kind in (TASK, TASK_APART):
                self.handle_task(payload, kind == TASK_APART)
                if not self.put_back():
                    return 0
            elif kind == WELCOME:
                self.printed()  # before that, it was no task's
            elif kind == BYE:
                return 0
            elif kind == REFUSE:
                print(f"the master refused this worker: {_Parser(payload).text()}", file=sys.stderr)
                return 1
            elif kind not in (HEARTBEAT, FORGET):
                raise WorkerError(f"a master does not send frames of type {kind}")

    def say_hello(self):
        machine = os.uname()
        version = ".".join(map(str, sys.version_info[:3]))
        name = f"{machine.sysname}-{machine.machine} Python {version}".encode()
        host = socket.gethostname().encode()
        # It runs one task at a time and holds no other: so it needs no page on which tasks are claimed.
        head = struct.pack("<HQQIII", PROTOCOL_VERSION, BY_NAME, 0, 1, 0, os.getpid())
        self.send(HELLO, b"CPMW", head, struct.pack("<I", len(name)), name, struct.pack("<I", len(host)), host)

    def send(self, kind, *pieces):
        payload = b"".join(pieces)
        with self.sending:
            self.connection.sendall(struct.pack("<Q", kind << 56 | len(payload)) + payload)

    def send_part(self, value):
        self.send(PART, struct.pack("<QI", self.task, self.attempt), value)

    def send_measures(self):
        with self.measures.lock:
            measures, is_short = self.measures.encoded(), self.measures.is_short
        if measures:
            self.send(MEASURES, struct.pack("<QI", self.task, self.attempt), measures)
        if is_short and not self.said_short:
            self.said_short = True
            text = (
                f"task {self.task}: what it counts or times is dropped in part, and so it will be for other tasks: a name has "
                f"1 to {LONGEST_MEASURE} bytes, and a task at most {MOST_MEASURES} of them"
            ).encode()
            self.send(NOTE, struct.pack("<I", len(text)), text)

    def next_frame(self):
        """(type, payload); None at the end of the stream."""
        while len(self.buffer) < 8:
            if not self.read_more(1 << 16):
                return None
        (head,) = struct.unpack_from("<Q", self.buffer)
        end = 8 + (head & (1 << 56) - 1)
        while len(self.buffer) < end:
            if not self.read_more(end - len(self.buffer)):
                return None
        payload = bytes(memoryview(self.buffer)[8:end])
        del self.buffer[:end]
        return head >> 56, payload

    def read_more(self, wanted):
        room = min(max(wanted, 1 << 16), 1 << 20)
        try:
            data, extra, flags, _ = self.connection.recvmsg(room, ANCILLARY_ROOM, RECEIVE_FLAGS)
        except ConnectionError:
            return False
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
                self.descriptors.extend(numbers)
        if flags & TRUNCATED:
            raise WorkerError("there is no descriptor free for a task's arguments (ulimit -n)")
        self.buffer += data
        return bool(data)

    def take_apart(self, size):
        """Arguments in a memory file, which goes back to its owner when its first 32 bits are 0."""
        if not self.descriptors:
            raise WorkerError("a task whose arguments are apart, without their descriptor")
        file = self.descriptors.pop(0)
        try:
            content, at = bytearray(size), 0
            while at < size:
                got = os.preadv(file, [memoryview(content)[at:]], 64 + at)
                if got == 0:
                    raise WorkerError(f"a task's arguments of {size} bytes in a memory file that is shorter")
                at += got
            os.pwrite(file, bytes(4), 0)
            return bytes(content)
        finally:
            os.close(file)

    def handle_task(self, payload, is_apart):
        self.task, function, self.attempt, size = struct.unpack_from("<QQII", payload)
        parser = _Parser(payload)
        parser.at = 24
        terms = _Terms(parser.take(size)) if size else None
        arguments = self.take_apart(parser.number("Q")) if is_apart else payload[24 + size :]
        self.measures = _Measures()
        begin = time.perf_counter_ns()
        failure, value = None, b""
        try:
            value = self.run_on_terms(function, arguments, terms) if terms else self.call(function, arguments)
        except _TaskFailed as e:
            failure = e
        self.answer(failure, value, time.perf_counter_ns() - begin)

    def answer(self, failure, value, run_ns):
        out, err = self.printed()
        head = struct.pack("<QIQQQ", self.task, self.attempt, run_ns, len(out), len(err))
        self.send_measures()
        self.task = 0
        if failure is None:
            return self.send(RESULT, head, out, err, value)
        kind = failure.kind.encode("utf-8", "replace")[:LONGEST_NAME]
        message = failure.message.encode("utf-8", "replace")[:LONGEST_MESSAGE]
        facts = struct.pack("<BBii", failure.cause, failure.out_of_memory, failure.exit_status, 0)
        self.send(FAILURE, head, out, err, facts, struct.pack("<I", len(kind)), kind, struct.pack("<I", len(message)), message)

    def printed(self):
        if self.stdout.closed or self.stderr.closed:
            self.stdout, self.stderr = self.out.text_stream(), self.err.text_stream()
        sys.stdout, sys.stderr = self.stdout, self.stderr
        for stream in (self.stdout, self.stderr):
            try:
                stream.flush()
            except OSError:  # the task has closed its descriptor
                pass
        return self.out.take(), self.err.take()

    def put_back(self):
        """The next task begins as the first one did. False if it cannot: then it is another worker's."""
        try:
            os.chdir(self.folder)
        except OSError as e:
            print(f"worker {os.getpid()} makes room for another one: {self.folder} cannot be entered: {e.strerror}", file=sys.stderr)
            return False
        if _variables() != self.variables:
            os.environ.clear()
            os.environb.update(self.variables)
        os.umask(self.umask)
        return True

    def run_on_terms(self, function, arguments, terms):
        if terms.start_values:
            raise _TaskFailed(WORKER_START, f"the start function is one of C++, and {self.who()}")
        folder = None
        try:
            if terms.has_folder():
                folder = _folders.make()
                _place_files(folder, terms.files)
                os.chdir(folder)
            value = self.call_within_limits(function, arguments, terms)
            return _take_outputs(terms, folder) + value if terms.outputs else value
        except OSError as e:
            raise _TaskFailed(DATA_FILE, f"the task's folder cannot be made: {e}") from None
        finally:
            if folder is not None:
                import shutil

                os.chdir("/")  # put_back() does the rest
                shutil.rmtree(folder, ignore_errors=True)

    def call_within_limits(self, function, arguments, terms):
        live = None
        before = resource.getrlimit(resource.RLIMIT_DATA)
        try:
            if terms.soft_ns:
                self.soft_deadline = time.monotonic() + terms.soft_ns / 1e9
            if terms.emit_stdout:
                live = _LiveOutput(self, self.out)
                live.start()
            if terms.memory:
                wanted = _data_size() + terms.memory
                lower = wanted if before[0] == resource.RLIM_INFINITY else min(before[0], wanted)
                resource.setrlimit(resource.RLIMIT_DATA, (lower, before[1]))
            return self.call(function, arguments)
        except _TaskFailed as e:
            if terms.memory and e.kind == "MemoryError":
                text = f"it wanted more memory than its limit of {terms.memory} bytes"
                raise _TaskFailed(MEMORY_LIMIT, text, out_of_memory=True) from None
            raise
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, before)
            self.soft_deadline = None
            if live is not None:
                if not self.stdout.closed:
                    self.stdout.flush()
                live.finish()

    def call(self, number, arguments):
        if number not in (BY_NAME, MAP_BY_NAME):
            raise _TaskFailed(UNKNOWN_FUNCTION, f"there is no C++ function here: {self.who()}")
        try:
            parser = _Parser(arguments)
            name = str(parser.long_text(), "utf-8")
            given = json.loads(parser.long_text())
            budget_ns, retries = parser.numbers("<QI") if number == MAP_BY_NAME else (0, 0)
        except (WorkerError, ValueError, RecursionError) as e:
            raise _TaskFailed(BAD_MESSAGE, f"the arguments do not decode: {e}") from None
        function = self.functions.get(name)
        if function is None:
            import difflib

            near = difflib.get_close_matches(name, self.functions, 1)
            hint = f' (did you mean "{near[0]}"?)' if near else ""
            raise _TaskFailed(UNKNOWN_FUNCTION, f'there is no function "{name}" here{hint}: {self.who()}')
        if number == BY_NAME:
            return _called(name, function, given)
        return _called_with_each(name, function, given, budget_ns, retries)

    def who(self):
        names = [name + _signature_of(function) for name, function in sorted(self.functions.items())]
        more = f", … ({len(names) - MOST_NAMES} more)" if len(names) > MOST_NAMES else ""
        return f"this worker is {self.program}, a Python program, which has {', '.join(names[:MOST_NAMES])}{more} by name (mw::Remote)"


def _called(name, function, arguments):
    """The encoded result of one call."""
    try:
        result = function(*arguments)
    except BaseException as e:
        raise _failure_of(e, name, function) from None
    try:
        return _encoded(result)
    except MemoryError as e:
        raise _failure_of(e, name, function) from None
    except (TypeError, ValueError, RecursionError) as e:
        raise _TaskFailed(BAD_MESSAGE, f"what {name} returned cannot travel: {e}") from None


def _called_with_each(name, function, inputs, budget_ns, retries):
    """The results of the first calls: as many as there is time for, the last one included. One that fails is none less."""
    values, failures, place = [], [], 0
    end = time.perf_counter_ns() + budget_ns if budget_ns else None
    whole = _server.measures
    for place, arguments in enumerate(inputs):
        for attempt in range(retries + 1):
            _server.measures = _Measures() if retries else whole  # what a try that failed has counted is forgotten
            try:
                values.append((place, function(*arguments)))
                break
            except BaseException as e:
                if attempt == retries:
                    failures.append((place, _failure_of(e, name, function)))
        if retries:
            whole.add_all(_server.measures)
            _server.measures = whole
        if end is not None and time.perf_counter_ns() >= end:
            break
    try:
        text = _encoded([value for _, value in values])
    except (TypeError, ValueError, RecursionError):
        text = _encoded(_those_that_travel(name, values, failures))
    failures.sort(key=lambda one: one[0])
    encoded = [_encoded_failure(*one) for one in failures]
    done = place + 1 if inputs else 0
    return b"".join([struct.pack("<Q", done), text, struct.pack("<Q", len(encoded)), *encoded])


def _those_that_travel(name, values, failures):
    """For each of the others there is a failure."""
    good = []
    for place, value in values:
        try:
            _encoded(value)
            good.append(value)
        except (TypeError, ValueError, RecursionError) as e:
            failures.append((place, _TaskFailed(BAD_MESSAGE, f"what {name} returned cannot travel: {e}")))
    return good


def _encoded_failure(place, failure):
    kind, message = failure.kind.encode("utf-8", "replace"), failure.message.encode("utf-8", "replace")
    head = struct.pack("<QB", place, failure.cause)
    texts = struct.pack("<Q", len(kind)) + kind + struct.pack("<Q", len(message)) + message
    return head + texts + struct.pack("<iiB", failure.exit_status, 0, failure.out_of_memory)


def _failure_of(error, name, function):
    """What a function raised, as the master hears of it; the traceback goes to stderr."""
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        said = "" if isinstance(error.code, int) or error.code is None else f": {error.code}"
        return _TaskFailed(EXIT_STATUS, f"the task called sys.exit({code}){said}", exit_status=code & 0xFF)
    kind = type(error)
    trace = error.__traceback__.tb_next  # without this file's own line
    text = str(error)
    if isinstance(error, TypeError) and trace is None:
        text = f"{name}{_signature_of(function)} was called with other arguments: {text}"
    else:
        error.__traceback__ = trace
        traceback.print_exception(kind, error, trace)
    error.__traceback__ = None  # what its frames hold is not kept
    is_builtin = kind.__module__ in ("builtins", "__main__")
    return _TaskFailed(EXCEPTION, text, kind.__qualname__ if is_builtin else f"{kind.__module__}.{kind.__qualname__}")


def _signature_of(function):
    import inspect

    try:
        return str(inspect.signature(function))
    except (TypeError, ValueError):
        return "(…)"


def _variables():
    """The environment as bytes. (Where CPython has it so, without decoding all of it.)"""
    found = getattr(os.environ, "_data", None)
    return found if isinstance(found, dict) else dict(os.environb)


def _data_size():
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def _functions_of(names):
    """The functions that a file offers, by name."""
    all_of_them = {
        name: value for name, value in names.items() if isinstance(value, types.FunctionType) and not name.startswith("_")
    }
    marked = {name: value for name, value in names.items() if getattr(value, "__cppmw_task__", False)}
    own = {name: value for name, value in all_of_them.items() if value.__module__ == names.get("__name__")}
    return marked or own


def _guard_group():
    """Should this process be killed alone, with its master, say: what its tasks have started must not live on."""
    group = os.getpid()
    if os.getpgrp() != group or not hasattr(os, "pidfd_open"):
        return
    watched = os.pidfd_open(group)
    if os.fork() != 0:
        os.close(watched)
        return
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if watched != 3:
            os.dup2(watched, 3, inheritable=False)
            watched = 3
        os.closerange(4, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)
        for number in (0, 1, 2):
            os.close(number)
        waiting = select.poll()
        waiting.register(watched, select.POLLIN)
        waiting.poll()
        os.killpg(group, signal.SIGKILL)
    finally:
        os._exit(1)


_connection = None  # to the master


def _connect():
    """From what MW_WORKER says, "fd:7,claims:8,out:9,err:10". None if this process was not started by a master."""
    global _connection
    place = os.environ.pop("MW_WORKER", None)
    if place is None or _connection is not None:
        return _connection
    try:
        numbers = {key: int(number) for key, number in (part.split(":") for part in place.split(","))}
        for number in numbers.values():
            os.set_inheritable(number, False)
        for key in ("claims", "out", "err"):
            if key in numbers:
                os.close(numbers[key])
        _guard_group()
        _connection = socket.socket(fileno=numbers["fd"])
        _connection.setblocking(True)
    except (KeyError, ValueError, OSError) as e:
        sys.exit(f"MW_WORKER={place} names no socket of a CppMW master ({e}); unset it to run this program by hand")
    return _connection


def _serve(names, program):
    """Serves with these functions; what the process returns."""
    functions = _functions_of(names)
    connection = _connect()
    if connection is None:
        list_of = "".join(f"\n  {name}{_signature_of(function)}" for name, function in sorted(functions.items()))
        print(f"{program} has these functions for a CppMW master:{list_of or ' none'}\nA master starts it by itself: "
              f"multicore:2?worker={program}", file=sys.stderr)
        return 2
    if not functions:
        print(f"{program} has no functions that a master could call", file=sys.stderr)
        return 1
    try:
        with open("/proc/self/comm", "w", encoding="utf-8") as comm:
            comm.write(f"mw:{program}"[:15])
        return _Server(connection, functions, program).run()
    except (WorkerError, ConnectionError) as e:
        print(f"worker {os.getpid()}: {e}", file=sys.stderr)
        return 1
    finally:
        _folders.remove()


def _run_file(path):
    """Loads a Python file, and serves with its functions."""
    name = os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    sys.argv = [path]
    import importlib.util

    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        sys.exit(f"{path} is no Python file: its name does not end with .py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return _serve(vars(module), os.path.basename(path))


def _run_source(path, source):
    """The same for a file that came with this one, as its text."""
    name = os.path.splitext(path)[0]
    sys.argv = [path]
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    text = source.decode("utf-8", "replace")
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    exec(compile(source, path, "exec"), vars(module))
    return _serve(vars(module), path)


def _run_module(name):
    """The same for a module of an archive that `pack` made."""
    module = importlib.import_module(name)
    return _serve(vars(module), name + ".py")


def _pack(arguments):
    """pack score.py [more.py | folder …] -o score.pyz"""
    import argparse
    import shutil
    import tempfile
    import zipapp

    parser = argparse.ArgumentParser(prog="cppmw_worker.py pack", description="Makes one file of Python files and this one.")
    parser.add_argument("file", help="the Python file with the functions")
    parser.add_argument("more", nargs="*", help="files and folders (packages) that it imports")
    parser.add_argument("-o", "--output", required=True, help="the file to be made, NAME.pyz")
    given = parser.parse_args(arguments)
    name, ending = os.path.splitext(os.path.basename(given.file))
    if ending != ".py" or not name.isidentifier():
        parser.error(f"{given.file} is no Python file that can be imported: NAME.py")
    with tempfile.TemporaryDirectory() as folder:
        for source in [given.file, *given.more]:
            target = os.path.join(folder, os.path.basename(os.path.normpath(source)))
            try:
                (shutil.copytree if os.path.isdir(source) else shutil.copyfile)(source, target)
            except OSError as e:
                parser.error(f"{source} cannot be packed: {e.strerror}")
        shutil.copyfile(os.path.abspath(__file__), os.path.join(folder, "cppmw_worker.py"))
        with open(os.path.join(folder, "__main__.py"), "w", encoding="utf-8") as main:
            main.write(f"import sys\nimport cppmw_worker\n\nsys.exit(cppmw_worker._run_module({name!r}))\n")
        zipapp.create_archive(folder, given.output, interpreter="/usr/bin/env python3", compressed=True)
    return 0


def _main(arguments):
    sys.dont_write_bytecode = True  # what lies beside other people's files is theirs
    sys.modules["cppmw_worker"] = sys.modules["__main__"]
    embedded = globals().get("_EMBEDDED")
    _connect()
    if embedded is not None:
        return _run_source(*embedded)
    if arguments[:1] == ["pack"]:
        return _pack(arguments[1:])
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    return _run_file(arguments[0])


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
