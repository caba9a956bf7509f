"""`cases.json`: inputs and answers. The component is tested with the same file."""

import json
from pathlib import Path

import pytest
from componentize_py_types import Err
from wit_world.exports.gate import Context
from wit_world.exports.validation import Attribute

from loans import catalog, gate, migration, retry, rules, text

CASES = json.loads((Path(__file__).parents[1] / "cases.json").read_text())


def context_of(members: dict) -> Context:
    return Context(**{"target_version": None, "handed_back": False} | members)


CALLS = {
    "validate": lambda attributes, event: rules.validate(event, attributes),
    "catalog": lambda _: catalog.catalog(),
    "migrate": lambda attributes, event, to_version: migration.migrate(event, attributes, to_version),
    "schedule-for": lambda _, event_type: retry.schedule_for(event_type),
    "next-attempt": lambda _, event_type, attempt: retry.next_attempt(event_type, attempt),
    "process": lambda attributes, event, context: gate.process(event, attributes, context_of(context)),
    "compose": lambda attributes, event, id, now: gate.compose(event, attributes, id, now),
    "json-validate": lambda attributes, event: text.validate(event, attributes),
    "json-migrate": lambda attributes, request: text.migrate(request, attributes),
    "json-next-attempt": lambda _, request: text.next_attempt(request),
    "json-process": lambda attributes, request: text.process(request, attributes),
    "json-catalog": lambda _: text.catalog(),
}


def answer(call: str, arguments: dict) -> dict:
    arguments = {"attributes": {}} | arguments
    if "event_parts" in arguments:
        arguments["event"] = "".join(part * count for part, count in arguments.pop("event_parts"))
    attributes = arguments.pop("attributes")
    if call.startswith("json-"):
        attributes = json.dumps(attributes) if attributes else ""
    else:
        attributes = [Attribute(name, value) for name, value in attributes.items()]
    try:
        return {"ok": text.shape(CALLS[call](attributes, **arguments))}
    except Err as error:
        return {"err": text.shape(error.value)}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case):
    given = answer(case["call"], case["input"])
    assert text.write(given) == json.dumps(case["expect"], ensure_ascii=False, separators=(",", ":"))
