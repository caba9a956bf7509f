/** `cases.json`: inputs and answers. The component is tested with the same file. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Failure } from "../src/failure.ts";
import * as policy from "../src/policy.ts";

interface Case {
  name: string;
  call: string;
  /** The arguments, as the file has them. */
  input: any;
  expect: unknown;
}

const CALLS: Record<string, (input: any, attributes: any) => unknown> = {
  validate: ({ event }, attributes) => policy.validation.validate(event, attributes),
  catalog: () => policy.validation.catalog(),
  migrate: ({ event, to_version }, attributes) => policy.migration.migrate(event, attributes, to_version),
  "schedule-for": ({ event_type }) => policy.retry.scheduleFor(event_type),
  "next-attempt": ({ event_type, attempt }) => policy.retry.nextAttempt(event_type, attempt),
  process: ({ event, context }, attributes) => policy.gate.process(event, attributes, camel(context)),
  compose: ({ event, id, now }, attributes) => policy.gate.compose(event, attributes, id, now),
  "json-validate": ({ event }, attributes) => policy.json.validate(event, attributes),
  "json-migrate": ({ request }, attributes) => policy.json.migrate(request, attributes),
  "json-next-attempt": ({ request }) => policy.json.nextAttempt(request),
  "json-process": ({ request }, attributes) => policy.json.process(request, attributes),
  "json-catalog": () => policy.json.catalog(),
};

const cases: Case[] = JSON.parse(readFileSync(new URL("../../cases.json", import.meta.url), "utf8"));

for (const { name, call, input, expect } of cases) {
  test(name, () => {
    assert.deepEqual(plain(answer(call, input)), camel(expect));
  });
}

function answer(call: string, input: any): unknown {
  const parts: [string, number][] | undefined = input.event_parts;
  const event = parts?.map(([part, count]) => part.repeat(count)).join("") ?? input.event;
  const stated = Object.entries(input.attributes ?? {});
  const asText = input.attributes ? JSON.stringify(input.attributes) : "";
  const attributes = call.startsWith("json-") ? asText : stated.map(([name, value]) => ({ name, value }));
  try {
    return { ok: CALLS[call]?.({ ...input, event }, attributes) };
  } catch (error) {
    if (error instanceof Failure) return { err: error.payload };
    throw error;
  }
}

/** A record of the contract as a policy of this language sees it: members in camelCase, without absent ones. */
function camel(value: any): any {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== "object") return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name.replace(/_(.)/g, (_, c) => c.toUpperCase()), camel(member)]));
}

/** Without members that are undefined, and with typed arrays as arrays, as in the file. */
function plain(value: any): any {
  return JSON.parse(JSON.stringify(value, (_, member) => (member instanceof Uint32Array ? [...member] : member)));
}
