"""`cases.json`: inputs and answers. The component is tested with the same file."""

import json
from pathlib import Path

import pytest
from componentize_py_types import Err
from wit_world.exports.gate import Context, Draft, Encoding, FailedEvent
from wit_world.exports.validation import Violation

from loans import gate, known, letters, migration, retry, rules, text

CASES = json.loads((Path(__file__).parents[1] / "cases.json").read_text())


def draft_of(members: dict) -> Draft:
    absent = {"event_version": None, "event_id": None, "timestamp": None}
    return Draft(**absent | members)


def failed_of(members: dict) -> FailedEvent:
    violations = [Violation(**violation) for violation in members["violations"]]
    return FailedEvent(**members | {"encoding": Encoding[members["encoding"].upper()], "violations": violations})


def context_of(members: dict) -> Context:
    return Context(**{"target_version": None} | members)


CALLS = {
    "validate": lambda event: rules.validate(event),
    "catalog": lambda: known.catalog(),
    "migrate": lambda event, to_version: migration.migrate(event, to_version),
    "schedule-for": lambda event_type: retry.schedule_for(event_type),
    "next-attempt": lambda event_type, attempt: retry.next_attempt(event_type, attempt),
    "process": lambda event, context: gate.process(event, context_of(context)),
    "compose": lambda draft, now: gate.compose(draft_of(draft), now),
    "dead-letter": lambda failed, now: letters.dead_letter(failed_of(failed), now),
    "json-validate": lambda event: text.validate(event),
    "json-migrate": lambda request: text.migrate(request),
    "json-next-attempt": lambda request: text.next_attempt(request),
    "json-process": lambda request: text.process(request),
    "json-catalog": lambda: text.catalog(),
}


def answer(call: str, arguments: dict) -> dict:
    if "event_parts" in arguments:
        arguments = {"event": "".join(part * count for part, count in arguments["event_parts"])}
    try:
        return {"ok": text.shape(CALLS[call](**arguments))}
    except Err as error:
        return {"err": text.shape(error.value)}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case):
    given = answer(case["call"], case["input"])
    assert text.write(given) == json.dumps(case["expect"], ensure_ascii=False, separators=(",", ":"))
