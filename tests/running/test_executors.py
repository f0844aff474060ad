"""Tests of `ptmbench.running.executors`: which worker gets which cases, and what comes back."""

import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import UsageError
from ptmbench.running import executors
from ptmbench.running.executors import Arrivals, Processes, ThisProcess, groups_of
from ptmbench.running.workers import Stopped

PIXELS = [find_case("pixels", "digits_1shot", "knn"), find_case("pixels", "digits_5shot", "knn")]
TEXT = [find_case("tfidf", "topic_20shot", "knn"), find_case("tfidf", "topic_20shot", "linear_probe")]
SETTINGS = check_settings(budget="smoke", device="cpu", jobs=2)


class Worker:
    """Stands for a worker in a process of its own."""

    made = ()

    def __init__(self, _settings, ended):
        self.ended, self.over = ended, []
        type(self).made = (*self.made, self)

    def kill(self):
        self.over.append("killed")

    def close(self):
        self.over.append("closed")


@pytest.fixture(autouse=True)
def workers(monkeypatch):
    """Lets no process start."""
    monkeypatch.setattr(Worker, "made", ())
    monkeypatch.setattr(executors, "OtherProcess", Worker)


def test_cases_that_share_features_stay_together():
    """Model and data make a group, whatever lies between its cases; groups come as their first cases do."""
    assert [PIXELS, TEXT] == groups_of([PIXELS[0], TEXT[0], PIXELS[1], TEXT[1]])
    assert [] == groups_of([])


def test_in_this_process_a_case_begins_when_it_is_asked_for(bench):
    """One case after the other, in order, and none before its time."""
    begun = []
    results = ThisProcess(bench).map(lambda case, _worker: begun.append(case) or case.id, [PIXELS, TEXT])

    assert PIXELS[0].id == next(results)
    assert PIXELS[:1] == begun
    assert [case.id for case in [*PIXELS, *TEXT][1:]] == list(results)


def test_a_group_has_one_worker_and_its_order():
    """Whichever worker takes a group does all of it, in its order; in the end every worker has been closed."""
    seen = list(Processes(SETTINGS, 2).map(lambda case, worker: (case, worker), [PIXELS, TEXT]))

    for group in (PIXELS, TEXT):
        found = [(case, worker) for case, worker in seen if case in group]
        assert group == [case for case, _ in found]
        assert 1 == len({worker for _, worker in found})
    assert all("closed" in worker.over for worker in Worker.made)


@pytest.mark.parametrize(("groups", "count"), [([PIXELS], 1), ([PIXELS, TEXT], 2), ([], 0)])
def test_no_more_workers_than_groups(groups, count):
    """A worker without a group would start for nothing."""
    assert sum(map(len, groups)) == len(list(Processes(SETTINGS, 2).map(lambda case, _worker: case, groups)))
    assert count == len(Worker.made)


def test_an_error_of_the_job_ends_the_run():
    """What a job raises comes out where its result is asked for, and the workers are ended."""

    def refuse(_case, _worker):
        raise UsageError("no such option")

    with pytest.raises(UsageError, match="no such option"):
        list(Processes(SETTINGS, 2).map(refuse, [PIXELS]))

    assert ["killed"] == [what for what in Worker.made[0].over if what == "killed"]
    assert Worker.made[0].ended.is_set()


def test_who_stops_asking_stops_the_work():
    """Once the iteration is left, by Ctrl-C for example, workers are told so and ended, and no further case begins."""
    begun = []

    def job(case, worker):
        begun.append(case)
        if case == PIXELS[1]:
            worker.ended.wait(30)
            raise Stopped
        return case.id

    results = Processes(SETTINGS, 1).map(job, [PIXELS, TEXT])
    assert PIXELS[0].id == next(results)

    results.close()

    assert set(begun) <= set(PIXELS)
    assert {"killed", "closed"} == set(Worker.made[0].over)


def test_results_are_taken_by_case_whatever_their_order():
    """Each result is handed to who asks for its case, once, and none is asked for before it is needed."""
    asked = []
    coming = ((case, asked.append(case) or case.id) for case in (TEXT[0], PIXELS[0], TEXT[1]))
    arrivals = Arrivals([*PIXELS[:1], *TEXT], coming)

    assert [] == asked
    assert PIXELS[0].id == arrivals.take(PIXELS[0])
    assert [TEXT[0], PIXELS[0]] == asked
    assert TEXT[0].id == arrivals.take(TEXT[0])
    assert 2 == len(asked)
    assert [False, False, True] == [case in arrivals for case in (PIXELS[0], PIXELS[1], TEXT[1])]


def test_names_are_checked_as_everywhere():
    """The number of jobs is checked with all other options."""
    with pytest.raises(UsageError, match="expected 1 to 256 jobs, got 0; expected a timeout above 0 seconds.*, got -1"):
        check_settings(jobs=0, timeout_s=-1)
    with pytest.raises(UsageError, match="did you mean quick.*; expected 1 to 256 jobs, got 0"):
        check_settings(budget="quik", jobs=0)

    assert 3 == check_settings(jobs=2, threads=3).threads
