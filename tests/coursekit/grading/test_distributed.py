"""A cluster gives what one machine gives, also when a worker is lost in the middle."""

import json
import os
import signal
import threading

import pytest

from coursekit.exercises import runs
from coursekit.grading import distributed as ours
from coursekit.grading.batch import Order, run
from coursekit.grading.distributed import ClusterError, ClusterPool, execute_task
from coursekit.grading.execute import SandboxError
from coursekit.grading.pool import Job
from coursekit.grading.tasks import unpack

from .classroom import FakeExecutor, hand_in, judge_quickly, pieces, variant

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def task(good, job=None, *, trust=True):
    right = Job("k", pieces(runs.answers(good)))
    return ours.make_task(good, job or right, 7, trust=trust)


@pytest.fixture
def workshop(monkeypatch):
    """A worker in this process; gives the log of its executors."""
    log = []

    def make(exercise, *, trust):
        return FakeExecutor(exercise, log)

    monkeypatch.setattr("coursekit.grading.execute.Executor", make)
    monkeypatch.setattr(ours, "_warm", ours._Warm())
    return log


def test_a_task_gives_the_same_bytes_as_often_as_it_is_done(good, workshop):
    asked = task(good)
    assert execute_task(asked) == execute_task(asked)
    found = unpack(execute_task(asked))
    assert set(found.evidence) == {"q1", "q2", "q3"}
    assert workshop.count("start") == 1  # kept warm
    assert workshop.count("run") == 3


def test_a_worker_changes_its_executor_with_the_exercise(good, workshop):
    execute_task(task(good))
    other = json.loads(task(good)) | {"exercise": "other/slug"}
    execute_task(json.dumps(other).encode())
    assert workshop == ["start", "run", "end", "start", "run"]


def test_a_worker_with_another_version_of_the_course_refuses(good, workshop):
    other = json.loads(task(good)) | {"machinery": "0" * 64}
    with pytest.raises(ClusterError, match="another version of the course"):
        execute_task(json.dumps(other).encode())
    assert workshop == []


def test_a_worker_that_cannot_isolate_refuses_without_trust(
    good, workshop, monkeypatch
):
    monkeypatch.setattr(FakeExecutor, "level", "none")
    with pytest.raises(ClusterError, match="cannot isolate"):
        execute_task(task(good, trust=False))
    assert workshop == ["start", "end"]
    assert unpack(execute_task(task(good, trust=True))).level == "none"


def test_a_worker_tries_again_in_a_new_sandbox(good, monkeypatch, workshop):
    true = FakeExecutor.run

    def fails_once(self, submission_pieces, seed):
        if workshop.count("start") == 1:
            raise SandboxError("no reason was given")
        return true(self, submission_pieces, seed)

    monkeypatch.setattr(FakeExecutor, "run", fails_once)
    assert unpack(execute_task(task(good))).evidence
    assert workshop == ["start", "end", "start", "run"]


def test_a_task_holds_all_that_a_worker_needs_and_no_more(good):
    assert set(json.loads(task(good))) == {
        *("exercise", "source", "pieces", "seed", "trust", "machinery"),
    }


def test_no_scheduler_is_told_in_a_sentence(good, monkeypatch):
    monkeypatch.setattr(ours, "_CONNECT", 0.2)
    with (
        pytest.raises(ClusterError, match="No Dask scheduler answers at tcp://127"),
        ClusterPool(good, "tcp://127.0.0.1:9"),
    ):
        pass


@pytest.fixture
def cluster():
    """Two worker processes that listen on this machine alone."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        worker_dashboard_address=None,
    ) as made:
        yield made


def results_of(batch):
    """Everything but times."""
    plain = batch.model_dump(mode="json", exclude={"graded_at", "seconds"})
    for result in plain["results"]:
        del result["usage"]
    return plain


def test_a_cluster_that_loses_a_worker_gives_what_this_machine_gives(
    good, tmp_path, cluster, monkeypatch
):
    judge_quickly(monkeypatch)
    wrong = variant(good, "q1", "whole-table")
    answers = [{}, {"q1": wrong}, dict.fromkeys(runs.answers(good)), {"q3": "1 / 0"}]
    learners = {
        f"l{number}": answers[number % 4] | {"q2": f"x = {number}"}
        for number in range(8)
    }
    folder = hand_in(tmp_path / "submissions", good, **learners)
    killed = []

    def kill(stage, done, _total):
        if stage == "executing" and done >= 2 and not killed:
            worker = next(iter(cluster.workers.values()))
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)

    order = Order(folder, good.source.path, tmp_path / "there", seed=7, trust=True)
    there = run(
        Order(**(vars(order) | {"dask": cluster.scheduler_address})), on_progress=kill
    )
    here = run(Order(**(vars(order) | {"out": tmp_path / "here"})))
    assert killed
    assert there.failures == ()
    assert there.batch.complete
    assert results_of(there.batch) == results_of(here.batch)
    assert len({r.earned for r in here.batch.results}) > 1


def lies(_asked):
    return b'{"evidence": "all of it"}'


def test_what_a_worker_sends_that_is_no_result_is_a_failure_and_no_mark(good, cluster):
    import cloudpickle

    from . import test_distributed as this

    cloudpickle.register_pickle_by_value(this)
    with ClusterPool(good, cluster.scheduler_address, execute=lies) as pool:
        jobs = [Job("k", pieces(runs.answers(good)))]
        (done,) = pool.run(jobs, 7, threading.Event())
    assert done.execution is None
    assert "malformed" in done.failure
