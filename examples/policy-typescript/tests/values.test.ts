/** JSON is read and written without loss, and text that is not JSON is refused with the position. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { parse, write } from "../src/values.ts";

const same = [
  '{"b":9007199254740993,"1":1.10,"__proto__":[1e400,-0,-0.0],"c":"\\"\\\\\\n\\u0001é😀"}',
  '[null,true,false,"",{},[]]',
  "0",
];
for (const text of same) {
  test(`${text} keeps every character`, () => assert.equal(write(parse(text)), text));
}

test("white space goes", () => assert.equal(write(parse(' { "a" : [ 1 , 2 ] }\r\n')), '{"a":[1,2]}'));

const refused: [string, RegExp][] = [
  ["", /line 1, column 1: expected a value/],
  ["01", /column 2: the text goes on/],
  ["1.", /column 2/],
  ["+1", /column 1/],
  ["[1,]", /column 4: expected a value/],
  ['{"a":1,}', /column 8: expected a string/],
  ['{"a" 1}', /column 6: expected a colon/],
  ["{\n  'a': 1}", /line 2, column 3/],
  ['"a\tb"', /expected a string/],
  ['"\\x"', /expected a string/],
  ['"\\ud800"', /surrogate/],
  ['{"a":1,"\\u0061":2}', /twice/],
  ["nul", /expected a value/],
  ["\u00a01", /column 1/],
];
for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is refused`, () => assert.throws(() => parse(text), message));
}
