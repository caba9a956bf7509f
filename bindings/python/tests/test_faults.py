"""A fault of the policy says nothing about the event, and the next call runs in a new instance."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import small

from tidegate import Misuse, Policy, PolicyFault

NOW = "2026-03-02T17:00:00Z"

# Counts its calls in memory: the length of its answer is the number of calls. A text of four bytes is a trap.
COUNTS = """
    (i32.store (i32.const 2000) (i32.const 3000))
    (i32.store (i32.const 2004) (i32.add (i32.load (i32.const 2004)) (i32.const 1)))
    (if (i32.eq (local.get $length) (i32.const 4)) (then unreachable))
    i32.const 2000
"""


# Answers with the text that it gets.
ECHOES = """
    (i32.store (i32.const 2000) (local.get $at))
    (i32.store (i32.const 2004) (local.get $length))
    i32.const 2000
"""


def fault(policy: Policy, event: Any) -> PolicyFault:
    with pytest.raises(PolicyFault) as raised:
        policy.process(event, NOW)
    return raised.value


def test_a_trap(guest: Callable[..., Policy], event: dict[str, Any]) -> None:
    with guest("traps-when-told") as policy:
        for _ in range(3):
            trapped = fault(policy, event | {"trap": True})
            assert trapped.kind == "trap"
            assert "unreachable" in str(trapped)
            assert policy.process(event, NOW).decision == "forward"


def test_a_loop_is_stopped(guest: Callable[..., Policy], event: dict[str, Any]) -> None:
    with guest("loops", deadline=timedelta(seconds=1)) as policy:
        for _ in range(2):
            assert fault(policy, event).kind == "deadline"
            example = next(t.versions[0].example for t in policy.catalog.event_types if t.accepted)
            assert policy.process(example, NOW).decision == "forward"


def test_memory_is_limited(guest: Callable[..., Policy], event: dict[str, Any]) -> None:
    with guest("eats-memory", memory_bytes=16 << 20) as policy:
        for _ in range(3):
            assert fault(policy, event).kind == "trap"


def test_memory_is_limited_to_the_page() -> None:
    # The answer is the catalog when 16 pages more can be had, and empty when not.
    grows = "(select (i32.const 8) (i32.const 0) (i32.eq (memory.grow (i32.const 16)) (i32.const -1)))"
    with Policy.load(small.policy(grows), memory_bytes=17 << 16) as policy:
        assert [policy.validate_json("") for _ in range(2)] == [small.CATALOG, ""]
    with Policy.load(small.policy(grows), memory_bytes=(17 << 16) - 1) as policy:
        assert policy.validate_json("") == ""


def test_a_calm_policy(guest: Callable[..., Policy], event: dict[str, Any]) -> None:
    with guest("calm") as policy:
        assert policy.catalog.name == "calm"
        [output] = policy.process(event, NOW).outputs
        assert (output.id, output.event) == ("e-1", None)


def test_an_instance_is_reused_only_after_a_call_that_ended_normally() -> None:
    with Policy.load(small.policy(COUNTS)) as policy:
        assert [len(policy.validate_json("")) for _ in range(3)] == [1, 2, 3]
        with pytest.raises(PolicyFault, match="unreachable"):
            policy.validate_json("trap")
        assert len(policy.validate_json("")) == 1


def test_an_answer_that_is_nested_without_end() -> None:
    deep = "(memory.fill (i32.const 8000) (i32.const 91) (i32.const 50000)) " + ECHOES
    deep = deep.replace("(local.get $at)", "(i32.const 8000)").replace("(local.get $length)", "(i32.const 50000)")
    with Policy.load(small.policy(deep)) as policy, pytest.raises(PolicyFault, match="not one of the contract"):
        policy.validate("{}")


@pytest.mark.parametrize("answer", ["", "[]", "null", '{"valid":1}', '{"valid":false}', '{"valid":true}', "{"])
def test_an_answer_outside_the_contract(answer: str) -> None:
    with Policy.load(small.policy(ECHOES)) as policy:
        assert policy.validate_json(answer) == answer
        with pytest.raises(PolicyFault, match="not one of the contract") as raised:
            policy.validate(answer)
        assert raised.value.kind == "answer"


@pytest.mark.parametrize("text", ["\0", "a\0b", "Água 🌊", "\ufeff", "\u2028", "x" * 64])
def test_text_is_passed_in_and_out_unchanged(text: str) -> None:
    with Policy.load(small.policy(ECHOES)) as policy:
        assert policy.validate_json(text) == text


def test_a_request_has_the_form_of_the_contract() -> None:
    with Policy.load(small.policy(ECHOES)) as policy:
        requests = [
            policy.migrate_json('{"é":1}', "1.1"),
            policy.next_attempt_json("task.created", 3),
            policy.process_json("{}", NOW, "1.0"),
        ]
    assert [json.loads(request) for request in requests] == [
        {"event": '{"é":1}', "to_version": "1.1"},
        {"event_type": "task.created", "attempt": 3},
        {"event": "{}", "now": NOW, "target_version": "1.0"},
    ]


def test_attributes_are_passed_as_an_object() -> None:
    echoes = ECHOES.replace("$at)", "$attributes)").replace("$length)", "$attributes_length)")
    with Policy.load(small.policy(echoes)) as policy:
        for attributes, text in [(None, ""), ({}, "{}"), ({"type": "é", "subject": '"'}, r'{"type":"é","subject":"\""}')]:
            assert policy.validate_json("{}", attributes=attributes) == text
            assert policy.migrate_json("{}", "1.1", attributes=attributes) == text
            assert policy.process_json("{}", NOW, attributes=attributes) == text


def test_signal_handlers_that_are_set_later_do_no_harm() -> None:
    script = """
import faulthandler, small, tidegate
policy = tidegate.Policy.load(small.policy("unreachable"))
faulthandler.enable()
try:
    policy.validate_json("")
except tidegate.PolicyFault as fault:
    print(fault.kind)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parent, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("trap\n", "")


def test_calls_of_a_closed_policy_are_misuse(event: dict[str, Any]) -> None:
    with Policy.load(small.policy()) as policy:
        policy.validate_json("")
    policy.close()
    calls: list[Callable[[], object]] = [
        lambda: policy.next_attempt("task.created", 0),
        lambda: policy.next_attempt_json("task.created", 0),
        policy.catalog_json,
    ]
    for given in (event, "{}", b"\xff", "x" * 65, b"x" * 65, "\ud800"):
        calls += [
            partial(policy.validate, given),
            partial(policy.migrate, given, "1.1"),
            partial(policy.process, given, "noon"),
            partial(policy.validate_json, given),
            partial(policy.migrate_json, given, "1.1"),
            partial(policy.process_json, given, "noon"),
        ]
    for call in calls:
        with pytest.raises(Misuse, match="this policy is closed"):
            call()
    assert (policy.catalog.name, policy.digest[:7]) == ("small", "sha256:")
