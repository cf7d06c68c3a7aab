import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from coursekit.book import results
from coursekit.book.plan import plan
from coursekit.book.run import page_environment
from coursekit.book.worker import leave_network

from .conftest import ROOT, add_page, quietly


def texts(outputs):
    return [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in outputs
    ]


def test_outputs_are_kept_and_nothing_runs_twice(executed):
    report, _ = quietly(executed)
    assert report.ran == []
    assert sorted(report.kept) == ["alpha/first-page", "beta/second-page"]
    outputs = results.outputs(executed, plan(executed)[0])
    assert texts(outputs[0])[-1] == "array([0.])"


def test_a_record_tells_what_a_run_took_and_ran_on(executed):
    record = results.load(executed, "alpha/first-page")
    assert record.error is None
    assert record.seconds > sum(record.cells) > 0
    assert record.cpu_seconds > 0
    assert len(record.cells) == 2
    assert record.peak_bytes > 50e6
    assert record.versions["numpy"]
    assert record.python == sys.version.split()[0]


def test_an_error_that_is_meant_does_not_fail_the_page(executed):
    page = plan(executed)[1]
    (output,) = results.outputs(executed, page)[1]
    assert output.evalue == "on purpose"


def test_a_failure_names_page_line_and_error_and_others_run_on(empty_book):
    add_page(empty_book, "a/breaks", "x = 1", "y = x / 0")
    add_page(empty_book, "b/holds", "print('held')")
    report, said = quietly(empty_book)
    assert [record.page for record in report.failed] == ["a/breaks"]
    lines = (empty_book.chapters / "a/breaks.md").read_text().splitlines()
    line = lines.index("y = x / 0") + 1
    expected = (
        f"chapters/a/breaks.md:{line}: cell 2: ZeroDivisionError: division by zero"
    )
    assert expected in said
    assert results.is_fresh(empty_book, plan(empty_book)[1])
    assert not results.is_fresh(empty_book, plan(empty_book)[0])


@pytest.mark.parametrize(
    "attempt",
    [
        "import urllib.request\nurllib.request.urlopen('http://example.org')",
        "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=5)",
        (
            "import subprocess, sys\n"
            "code = 'import socket; socket.getaddrinfo(\"example.org\", 80)'\n"
            "done = subprocess.run([sys.executable, '-c', code],\n"
            "                      capture_output=True, text=True)\n"
            "assert done.returncode == 0, done.stderr"
        ),
    ],
    ids=["by name", "by address", "in a process that it starts"],
)
def test_a_page_that_tries_the_network_fails_with_page_and_cell(empty_book, attempt):
    add_page(empty_book, "a/calls", "x = 1", attempt)
    report, said = quietly(empty_book)
    assert len(report.failed) == 1
    assert "chapters/a/calls.md:" in said
    assert ": cell 2: " in said
    assert "pages run without the network" in said


def test_a_page_may_talk_to_itself(empty_book):
    code = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "client = socket.create_connection(server.getsockname())\n"
        "client.close(); server.close(); print('spoke')"
    )
    add_page(empty_book, "a/speaks", code)
    report, said = quietly(empty_book)
    assert not report.failed, said


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_in_a_namespace_of_its_own_only_the_loopback_is_there():
    code = (
        "import socket\n"
        "from coursekit.book.worker import leave_network\n"
        "print(leave_network(), socket.if_nameindex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    allowed, _, names = done.stdout.strip().partition(" ")
    if allowed == "False":
        pytest.skip("this machine does not allow network namespaces")
    assert names == "[(1, 'lo')]"


def test_without_permission_the_network_stays_and_nothing_breaks(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert leave_network() is False


def test_a_page_that_never_ends_is_stopped(empty_book):
    add_page(empty_book, "a/sleeps", "import time", "time.sleep(600)")
    started = time.monotonic()
    report, _ = quietly(empty_book, time_limit=8)
    assert time.monotonic() - started < 60
    assert "stopped after 8 s" in report.failed[0].error.error


def test_a_process_left_running_fails_the_page_and_is_ended(empty_book, tmp_path):
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "sleeping = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "child = subprocess.Popen(sleeping, start_new_session=True)\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
        "import time; time.sleep(0.5)"
    )
    add_page(empty_book, "a/leaves", code)
    report, _ = quietly(empty_book)
    assert "left processes running" in report.failed[0].error.error
    _wait_for(lambda: not runs(int(note.read_text())))


def test_a_dead_kernel_is_said_in_one_sentence(empty_book):
    add_page(empty_book, "a/dies", "import os", "os._exit(3)")
    report, _ = quietly(empty_book)
    assert "the kernel died" in report.failed[0].error.error


def test_force_runs_again_and_gives_the_same(executed):
    before = results.outputs(executed, plan(executed)[0])
    path = executed.chapters / "alpha/first-page.md"
    report, _ = quietly(executed, paths=[path], force=True)
    assert [record.page for record in report.ran] == ["alpha/first-page"]
    assert results.outputs(executed, plan(executed)[0]) == before


def test_memory_counts_the_processes_that_a_page_starts(empty_book):
    hungry = "import time; held = bytearray(300_000_000); time.sleep(2)"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {hungry!r}])"
    add_page(empty_book, "a/feeds", code)
    quietly(empty_book)
    assert results.load(empty_book, "a/feeds").peak_bytes > 300e6


def test_the_environment_does_not_depend_on_the_user(empty_book, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    found = page_environment(empty_book, tmp_path)
    assert found["PYTHONHASHSEED"] == "0"
    assert found["OMP_NUM_THREADS"] == "1"


def test_an_interrupt_ends_everything_and_leaves_no_folder(empty_book, tmp_path):
    note = tmp_path / "pid"
    code = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))"
    add_page(empty_book, "a/waits", code, "time.sleep(600)")
    script = (
        "import signal\n"
        "from pathlib import Path\n"
        "from coursekit.book.layout import Layout\n"
        "from coursekit.book.run import run\n"
        # Whoever is started in the background of a script ignores Ctrl-C otherwise.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"run(Layout(Path({str(empty_book.root)!r})))"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(lambda: note.is_file() and note.read_text())
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()
    kernel = int(note.read_text())
    _wait_for(lambda: not runs(kernel))
    assert list(scratch.glob("course-page-*")) == []
    assert not results.record_path(empty_book, "a/waits").exists()


def runs(pid):
    """Whether a process is alive; one that only waits to be reaped is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_half_written_record_counts_as_none(empty_book):
    add_page(empty_book, "a/page", "x = 1")
    path = results.record_path(empty_book, "a/page")
    path.parent.mkdir(parents=True)
    path.write_text('{"page": "a/pa')
    assert results.load(empty_book, "a/page") is None
    path.write_text(json.dumps({"page": "a/page", "error": None, "of": "another time"}))
    assert results.load(empty_book, "a/page") is None


def test_the_guard_is_not_installed_where_it_is_only_imported():
    guard = ROOT / "coursekit" / "book" / "guard" / "sitecustomize.py"
    assert 'if __name__ == "sitecustomize":' in guard.read_text()
    assert Path(guard).parent.joinpath("__init__.py").exists() is False
