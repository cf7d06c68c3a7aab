"""A run of a learner's cells: what it can do, what it takes, and what is left of it."""

import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from coursekit.exercises.evidence import read
from coursekit.exercises.worker import WorkerEnded
from coursekit.grading.sandbox import tree
from coursekit.grading.sandbox.client import SandboxError, Warm
from coursekit.grading.sandbox.limits import Limits

pytestmark = pytest.mark.sandbox
ROOT = Path(__file__).resolve().parents[4]
MODULES = ["numpy", "coursekit.check"]


@pytest.fixture(scope="module")
def warm(good):
    files = tree.allowed(good.meta, MODULES, ROOT)
    with Warm(MODULES, good.meta.forbid, files) as one:
        yield one


def said(reply):
    return "".join(one.get("text", "") for one in reply["outputs"])


def write(left, folder):
    for question, files in left.evidence.items():
        (folder / question).mkdir()
        for name, content in files.items():
            (folder / question / name).write_bytes(content)


def test_a_course_that_is_installed_below_tmp_is_seen_and_tmp_is_open(good, tight):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        Path(folder, "file").write_text("here", encoding="ascii")
        files = [*tree.allowed(good.meta, MODULES, ROOT), Path(folder)]
        code = (
            f"open('/tmp/own', 'w').write('x')\nprint(open('{folder}/file').read())\n"
        )
        code += f"open('{folder}/file', 'a')"
        with Warm(MODULES, good.meta.forbid, files) as one, one.open([], tight) as run:
            reply = run.run(code, 30)
    assert said(reply) == "here\n"
    assert reply["failure"]["name"] in ("OSError", "PermissionError")  # read-only


def test_evidence_comes_back_as_it_was_given(warm, tight, tmp_path):
    with warm.open(["q1"], tight) as run:
        code = "import numpy as np\nevidence('q1.a', x=np.array([0.1, np.nan]), n=3)"
        assert run.run(code, 30)["failure"] is None
        write(run.finish(), tmp_path)
    values = read(tmp_path, "q1").items["a"]
    np.testing.assert_array_equal(values["x"], [0.1, np.nan])
    assert values["n"] == 3


def test_evidence_of_questions_that_were_not_asked_for_is_not_taken(warm, tight):
    with warm.open(["q1"], tight) as run:
        run.run("evidence('q1.a', x=1)\nevidence('q2.a', x=1)", 30)
        assert set(run.finish().evidence) == {"q1"}


def test_an_error_does_not_stop_the_next_cell(warm, tight):
    with warm.open([], tight) as run:
        assert run.run("1 / 0", 30)["failure"]["name"] == "ZeroDivisionError"
        assert said(run.run("print('still here')", 30)) == "still here\n"


def test_runs_share_neither_names_nor_files_nor_processes(warm, tight):
    leave = "import os\nmark = 1\nopen('/sandbox/tmp/mark', 'w').write('x')\n"
    leave += "open('mark', 'w').write('x')"
    look = "import os\nprint('mark' in globals(), os.path.exists('/sandbox/tmp/mark'),"
    look += " os.listdir('.'), sum(n.isdigit() for n in os.listdir('/proc')))"
    with warm.open([], tight) as first, warm.open([], tight) as second:
        first.run(leave, 30)
        # Its first process, the one that holds it open, and the one that is asking.
        assert said(second.run(look, 30)) == "False False [] 3\n"


def test_cells_run_as_a_user_without_any_capability(warm, tight):
    code = "import os\nprint(os.getuid(), os.getgid(), os.getgroups())\n"
    code += "print([l.split()[1] for l in open('/proc/self/status')"
    code += " if l[:3] == 'Cap' or l[:9] == 'NoNewPriv'])"
    with warm.open([], tight) as run:
        told = said(run.run(code, 30)).splitlines()
    assert told[0].startswith("65534 65534")
    assert told[1] == str(["0" * 16] * 5 + ["1"])


def test_the_processes_of_a_run_belong_to_nobody_on_the_host(warm, tight):
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with warm.open([], tight) as run:
        run.run("import time", 30)
        owners = {
            child.uids().real
            for child in psutil.Process().children(recursive=True)
            if "sandbox.warm" in " ".join(child.cmdline())
        } - {0}
    assert owners == {65_534}


def test_no_environment_variable_of_the_grader_gets_in(good, tight, monkeypatch):
    monkeypatch.setenv("GRADER_SECRET", "hunter2")
    files = tree.allowed(good.meta, MODULES, ROOT)
    with Warm(MODULES, good.meta.forbid, files) as one, one.open([], tight) as run:
        told = said(run.run("import os\nprint(sorted(os.environ))", 30))
    assert "GRADER_SECRET" not in told
    assert "HOME" in told


def test_the_network_is_a_loopback_of_its_own(warm, tight):
    code = "import socket\nprint([name for _, name in socket.if_nameindex()])"
    with warm.open([], tight) as run:
        assert said(run.run(code, 30)) == "['lo']\n"


def test_the_session_keyring_is_empty(warm, tight):
    code = "import ctypes, platform\nnumber = {'x86_64': 250, 'aarch64': 219}"
    code += "[platform.machine()]\nraw = ctypes.create_string_buffer(64)\n"
    code += "print(ctypes.CDLL(None).syscall(number, 11, -3, raw, 64))"
    with warm.open([], tight) as run:
        assert said(run.run(code, 30)).strip() in ("0", "-1")


def test_no_run_finds_in_a_keyring_what_another_left_there(warm, tight):
    head = "import ctypes, platform\nc = ctypes.CDLL(None).syscall\n"
    head += (
        "add, ask = {'x86_64': (248, 250), 'aarch64': (217, 219)}[platform.machine()]\n"
    )
    leave = head + "print(c(add, b'user', b'mark', b'x', 1, -3) > 0)"
    look = head + "print(c(ask, 10, -3, b'user', b'mark', 0) > 0)"
    with warm.open([], tight) as run:
        assert said(run.run(leave, 30)) in ("True\n", "False\n")
        run.finish()
    with warm.open([], tight) as run:
        assert said(run.run(look, 30)) == "False\n"


def test_magics_that_open_windows_are_harmless(warm, tight):
    with warm.open([], tight) as run:
        reply = run.run("%matplotlib inline\nprint('went on')", 30)
    assert reply["failure"] is None
    assert said(reply) == "went on\n"


HARM = {
    "memory": "held = []\nwhile True: held.append(bytearray(10**7))",
    "files": "for n in range(10**6): open(f'{n}', 'w').close()",
    "output": "import os\nfor n in range(3, 9):\n    try: os.write(n, bytes(10**7))\n"
    "    except OSError: pass",
}


@pytest.mark.parametrize("limit", HARM)
def test_a_limit_ends_the_run_and_is_named(warm, tight, limit):
    with warm.open(["q1"], tight) as run:
        run.run("evidence('q1.a', x=1)", 30)
        with pytest.raises(WorkerEnded):
            run.run(HARM[limit], 30)
        with pytest.raises(WorkerEnded, match="had ended before"):
            run.run("1", 30)
        left = run.finish()
    met = [*run.limits_met, left.limit]
    assert any(one.startswith(limit) for one in met), met
    assert "a" in json.loads(left.evidence["q1"]["manifest.json"])["items"]


def test_a_cell_that_does_not_end_is_ended(warm):
    with warm.open([], Limits(cell_seconds=1.0)) as run:
        with pytest.raises(WorkerEnded, match="a cell ran for more than 1 seconds"):
            run.run("while True: pass", 30)
        run.finish()
    assert run.limits_met == ["wall time: a cell ran for more than 1 seconds"]


def test_processor_time_counts_all_processes_of_a_run_together(warm):
    limits = Limits(cell_seconds=20.0, run_seconds=30.0, cpu_seconds=1.5)
    with warm.open([], limits) as run:
        with pytest.raises(WorkerEnded):
            run.run("import os\nfor _ in range(3): os.fork()\nwhile True: pass", 20)
        assert run.finish().limit.startswith("processor time")


def test_a_run_may_take_no_longer_than_all_of_its_cells_together(warm):
    limits = Limits(cell_seconds=5.0, run_seconds=1.0)
    with warm.open([], limits) as run:
        with pytest.raises(WorkerEnded, match="1 seconds"):
            run.run("import time\ntime.sleep(4)", 5)
        run.finish()


def test_memory_that_no_process_holds_counts_too(warm, tight):
    code = "import os\nkept = [os.memfd_create('a') for _ in range(20)]\n"
    code += "for one in kept: os.write(one, bytes(40 * 10**6))"
    with warm.open([], tight) as run:
        with pytest.raises(WorkerEnded):
            run.run(code, 30)
        assert run.finish().limit.startswith("memory")


def test_a_disk_that_is_full_is_the_learners_own(warm, tight):
    code = "for n in range(99): open(f'{n}', 'wb').write(bytes(10**6))"
    with warm.open([], tight) as run:
        assert run.run(code, 30)["failure"]["name"] == "OSError"
        assert said(run.run("print('goes on')", 30)) == "goes on\n"


def _of_the_grader():
    return psutil.Process().children(recursive=True)


def test_nothing_of_a_run_is_left_whatever_it_started(good, tight):
    before = set(_of_the_grader())
    files = tree.allowed(good.meta, MODULES, ROOT)
    daemon = "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n"
    daemon += "        os.setsid()\n        time.sleep(600)"
    with Warm(MODULES, good.meta.forbid, files) as one:
        started = set(_of_the_grader()) - before
        with one.open([], tight) as run:
            run.run(daemon, 30)
            assert len(set(_of_the_grader()) - before - started) >= 5
            run.finish()
        assert _soon(lambda: set(_of_the_grader()) - before - started == set())
    assert _soon(lambda: set(_of_the_grader()) - before == set())


def test_a_run_that_is_given_up_ends_as_well(good, tight):
    files = tree.allowed(good.meta, MODULES, ROOT)
    with Warm(MODULES, good.meta.forbid, files) as one:
        before = set(_of_the_grader())
        with one.open([], tight) as run:
            run.run("1", 30)
        assert _soon(lambda: set(_of_the_grader()) - before == set())


def _soon(holds, seconds=10.0):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


GRADER = """
import sys, time
from pathlib import Path
from coursekit.exercises.model import load
from coursekit.grading.sandbox import tree
from coursekit.grading.sandbox.client import Warm
from coursekit.grading.sandbox.limits import LIMITS
good = load(Path(sys.argv[1]))
files = tree.allowed(good.meta, ["numpy"], Path(sys.argv[2]))
warm = Warm(["numpy"], good.meta.forbid, files)
run = warm.open([], LIMITS)
run.run("1", 9)
print("running", flush=True)
time.sleep(60)
"""


def test_a_grader_that_is_killed_leaves_no_process(good):
    command = [sys.executable, "-c", GRADER, str(good.source.path), str(ROOT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as grader:
        assert grader.stdout.readline() == b"running\n"
        below = psutil.Process(grader.pid).children(recursive=True)
        assert len(below) >= 4
        grader.send_signal(signal.SIGKILL)
        grader.wait()
        assert _soon(lambda: not any(one.is_running() for one in below))


PLANTED = {
    "a link": "os.symlink('/etc/ld.so.cache', '/sandbox/out/q1/0.npy')",
    "a pipe": "os.mkfifo('/sandbox/out/q1/0.npy')",
    "a folder": "os.mkdir('/sandbox/out/q1/0.npy')",
    "a file that is too large": (
        "f = open('/sandbox/out/q1/0.npy', 'wb')\nf.truncate(30 * 10**6)"
    ),
    "a linked folder": (
        "import shutil\nshutil.rmtree('/sandbox/out/q1')\n"
        "os.mkdir('/sandbox/tmp/q1')\n"
        "open('/sandbox/tmp/q1/0.npy', 'w').write('x')\n"
        "os.symlink('/sandbox/tmp/q1', '/sandbox/out/q1')"
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_no_plain_small_file_is_not_taken_for_evidence(warm, tight, planted):
    with warm.open(["q1"], tight) as run:
        code = f"import os\nos.mkdir('/sandbox/out/q1')\n{PLANTED[planted]}"
        assert run.run(code, 30)["failure"] is None
        assert "0.npy" not in run.finish().evidence.get("q1", {})


def test_a_forged_reply_is_only_a_reply(warm, tight):
    forge = (
        "import os\nfor n in range(3, 64):\n    try:\n        os.write(n, b'[[[\\n')"
    )
    forge += "\n    except OSError: pass"
    with warm.open(["q1"], tight) as run:
        with pytest.raises(WorkerEnded):
            run.run(forge, 30)
        assert run.finish().evidence == {}


def test_without_a_sandbox_cells_run_all_the_same(good, tight, tmp_path):
    with Warm(MODULES, good.meta.forbid, None) as one, one.open(["q1"], tight) as run:
        run.run("evidence('q1.a', x=7)", 30)
        write(run.finish(), tmp_path)
    assert read(tmp_path, "q1").items["a"] == {"x": 7}


def test_without_a_sandbox_the_instructors_own_processes_do_not_count(good, tight):
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NPROC))"
    with Warm(MODULES, good.meta.forbid, None) as one, one.open([], tight) as run:
        told = said(run.run(code, 30)).strip()
    assert told == str(resource.getrlimit(resource.RLIMIT_NPROC))


def test_without_a_sandbox_no_folder_and_no_process_is_left(good, tight):
    before = set(_of_the_grader())
    with Warm(MODULES, good.meta.forbid, None) as one, one.open([], tight) as run:
        folder = said(run.run("import os\nprint(os.getcwd())", 30)).strip()
        assert Path(folder).is_dir()
        run.finish()
    assert _soon(lambda: not Path(folder).parent.exists())
    assert _soon(lambda: set(_of_the_grader()) - before == set())


def test_a_sandbox_that_does_not_start_says_why(good, tmp_path, monkeypatch):
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxError, match="No permissions to create"):
        Warm(MODULES, good.meta.forbid, tree.allowed(good.meta, MODULES, ROOT))


def test_a_warm_process_that_is_gone_is_no_fault_of_a_learner(good, tight):
    files = tree.allowed(good.meta, MODULES, ROOT)
    before = set(_of_the_grader())
    with Warm(MODULES, good.meta.forbid, files) as one:
        for process in set(_of_the_grader()) - before:
            process.kill()
        with pytest.raises(SandboxError), one.open([], tight) as run:
            run.finish()


def test_the_evidence_of_a_hostile_array_is_refused_by_the_reader(
    warm, tight, tmp_path
):
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    code = "evidence('q1.a', x=__import__('numpy').ones(2))\n"
    code += f"open('/sandbox/out/q1/0.npy', 'wb').write({buffer.getvalue()!r})"
    with warm.open(["q1"], tight) as run:
        run.run(code, 30)
        write(run.finish(), tmp_path)
    assert "kind" in read(tmp_path, "q1").problems["a"]
