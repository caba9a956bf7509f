"""The same answers as in every other host, byte for byte: to the golden vectors, and to random events."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import LONG_ENOUGH, built

from tidegate import Event, Misuse, Policy


def answer(policy: Policy, line: dict[str, Any]) -> str:
    event: Event = base64.b64decode(line["event_base64"]) if "event_base64" in line else line.get("event", "")
    attributes = line.get("attributes")
    match line["call"]:
        case "validate":
            return policy.validate_json(event, attributes=attributes)
        case "migrate":
            return policy.migrate_json(event, line["to_version"], attributes=attributes)
        case "next-attempt":
            return policy.next_attempt_json(line["event_type"], line["attempt"])
        case "process":
            return policy.process_json(event, line["now"], line.get("target_version"), attributes=attributes)
        case "catalog":
            # Only a policy that is made of files names their digest.
            return re.sub(r'"sha256:[0-9a-f]{64}"', "null", policy.catalog_json())
    raise ValueError(f"{line['name']}: no call {line['call']!r}")


def differences(policy: Policy, file: Path) -> tuple[int, list[str]]:
    count, wrong = 0, []
    for line in map(json.loads, file.read_bytes().splitlines()):
        count += 1
        try:
            given, wanted = answer(policy, line), line.get("answer")
        except Misuse as misuse:
            given, wanted = str(misuse), line.get("misuse")
        if given != wanted:
            wrong.append(f"{line['name']}\n  gives {given}\n  wants {wanted}")
    return count, wrong


@pytest.mark.parametrize("file", ["policy.wasm", "built-policy.wasm"])
@pytest.mark.parametrize("name", ["vectors", "random"])
def test_answers_are_equal(cache_dir: Path, file: str, name: str) -> None:
    with Policy.load(built(f"dist/{file}"), cache_dir=cache_dir, deadline=LONG_ENOUGH) as policy:
        count, wrong = differences(policy, built(f"target/answers/{name}.jsonl"))
    print(f"{file}, {name}: {count} answers compared")
    assert not wrong, f"{len(wrong)} of {count} differ\n" + "\n".join(wrong[:10])
    assert count > 0
