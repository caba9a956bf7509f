"""A policy may be called from any thread, and in a forked child."""

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import small

from tidegate import InvalidEvent, Misuse, Policy, PolicyFault

LOOPS_WHEN_TOLD = "(if (i32.eq (local.get $length) (i32.const 4)) (then (loop br 0))) i32.const 0"


def test_every_thread_gets_its_own_answers(policy: Policy, event: dict[str, Any]) -> None:
    together = threading.Barrier(8)

    def judge(thread: int) -> None:
        together.wait()
        for number in range(50):
            mine = event | {"event_id": f"{thread}-{number}", "user_id": f"user-{thread}"}
            assert policy.validate(mine).event_id == f"{thread}-{number}"
            assert policy.migrate(json.dumps(mine), "1.1").json()["user_id"] == f"user-{thread}"
            with pytest.raises(InvalidEvent) as invalid:
                policy.validate(mine | {"task_id": number * "x"})
            assert invalid.value.event_id == f"{thread}-{number}"

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(judge, range(8)))


def test_faults_of_one_thread_do_not_affect_another() -> None:
    with Policy.load(small.policy(LOOPS_WHEN_TOLD), deadline=timedelta(milliseconds=300)) as policy:

        def judge(number: int) -> str:
            if number % 3:
                return policy.validate_json("")
            with pytest.raises(PolicyFault) as fault:
                policy.validate_json("loop")
            return fault.value.kind

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(judge, range(30)))
    assert answers == [small.CATALOG if number % 3 else "deadline" for number in range(30)]


def test_other_threads_run_while_a_policy_works() -> None:
    """The policy loops until its deadline, which another thread has to signal."""
    with Policy.load(small.policy(LOOPS_WHEN_TOLD), deadline=timedelta(seconds=1)) as policy:
        with ThreadPoolExecutor(1) as threads:
            looping = threads.submit(policy.validate_json, "loop")
            rounds = 0
            while not looping.done():
                rounds += 1
        assert isinstance(looping.exception(), PolicyFault)
        assert rounds > 1


def test_closing_while_others_call() -> None:
    with ThreadPoolExecutor(4) as threads, Policy.load(small.policy()) as policy:
        begun = threading.Barrier(5)

        def judge() -> None:
            begun.wait()
            while True:
                assert policy.validate_json("") == small.CATALOG

        calls = [threads.submit(judge) for _ in range(4)]
        begun.wait()
        policy.close()
        for call in calls:
            assert isinstance(call.exception(), Misuse)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_can_call(policy: Policy, event: dict[str, Any]) -> None:
    def in_child() -> bool:
        with Policy.load(small.policy(LOOPS_WHEN_TOLD)) as own, pytest.raises(PolicyFault):
            own.validate_json("loop")
        return policy.validate(event).event_id == "e-1" and stopped(loops)

    def stopped(loops: Policy) -> bool:
        with pytest.raises(PolicyFault) as fault:
            loops.validate_json("loop")
        return fault.value.kind == "deadline"

    with Policy.load(small.policy(LOOPS_WHEN_TOLD)) as loops:
        assert stopped(loops)
        assert exit_code(in_child) == 0


def exit_code(work: Callable[[], bool]) -> int:
    """Runs the work in a forked child; 0 when it succeeded."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
