"""Attributes of another form are the caller's mistake."""

import json

import pytest

from loans import text
from loans.catalog import catalog

EVENT = catalog().event_types[1].versions[0].example
REQUEST = json.dumps({"event": EVENT, "now": "2026-03-01T09:30:00Z", "to_version": "1.1"})
CALLS = [(text.validate, EVENT), (text.migrate, REQUEST), (text.process, REQUEST)]


@pytest.mark.parametrize(("call", "argument"), CALLS)
@pytest.mark.parametrize("attributes", ["", "{}", '{"type":"order.placed","id":"1"}'])
def test_attributes_are_not_asked_for(call, argument, attributes):
    assert call(argument, attributes) == call(argument, "")
    assert "misuse" not in json.loads(call(argument, attributes))


@pytest.mark.parametrize(("call", "argument"), CALLS)
@pytest.mark.parametrize("attributes", [" ", "{", "[]", "null", '{"n":1}', '{"a":"1","a":"1"}'])
def test_attributes_of_another_form_are_misuse(call, argument, attributes):
    assert list(json.loads(call(argument, attributes))) == ["misuse"]
