/** Attributes of another form are the caller's mistake. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { json, validation } from "../src/policy.ts";

const event = validation.catalog().eventTypes.at(-1)?.versions[0]?.example ?? "";
const request = JSON.stringify({ event, now: "2026-03-01T09:30:00Z", to_version: "1.1" });
const calls: [string, (attributes: string) => string][] = [
  ["validate", (attributes) => json.validate(event, attributes)],
  ["migrate", (attributes) => json.migrate(request, attributes)],
  ["process", (attributes) => json.process(request, attributes)],
];

for (const [name, call] of calls) {
  for (const attributes of ["", "{}", '{"type":"order.placed","id":"1"}']) {
    test(`${name} does not ask for ${attributes}`, () => {
      assert.equal(call(attributes), call(""));
      assert.doesNotMatch(call(attributes), /misuse/);
    });
  }
  for (const attributes of [" ", "{", "[]", "null", '{"n":1}', '{"a":"1","a":"1"}']) {
    test(`${name} refuses ${attributes}`, () => {
      assert.deepEqual(Object.keys(JSON.parse(call(attributes))), ["misuse"]);
    });
  }
}
