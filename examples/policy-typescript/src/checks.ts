/** Checks of one value: each gives nothing, or the violation's code and message. */
import { Num, type Value } from "./values.ts";

export type Problem = [code: string, message: string];
export type Check = (value: Value) => Problem | undefined;

/** Units in which a parcel is weighed. */
const UNITS = ["kg", "lb"];

/** A string that is not empty. */
export const text: Check = (value) => string(value) ?? (value ? undefined : ["min-length", "must not be empty"]);

/** The customer: more than white space. */
export const user: Check = (value) =>
  string(value) ?? ((value as string).trim() ? undefined : ["empty-user-id", "must name a customer"]);

/** An integer of any size, written without point and exponent. */
export const integer: Check = (value) => (isInteger(value) ? undefined : ["type", "must be an integer"]);

/** A number of attempts: at least 1. */
export const count: Check = (value) =>
  integer(value) ?? (isPositive(value as Num) ? undefined : ["minimum", "must be at least 1"]);

/** A number above 0. */
export const positive: Check = (value) => {
  if (!(value instanceof Num)) return ["type", "must be a number"];
  return isPositive(value) ? undefined : ["minimum", "must be greater than 0"];
};

/** A weight with its unit. */
export const weight: Check = (value) => {
  if (!(value instanceof Map)) return ["type", "must be an object"];
  if (positive(value.get("value") ?? null)) return ["schema", "must have a value greater than 0"];
  return UNITS.includes(value.get("unit") as string) ? undefined : ["enum", `must have a unit: ${UNITS.join(" or ")}`];
};

/** A date and time with an offset. */
export const time: Check = (value) =>
  string(value) ??
  (isTime(value as string) ? undefined : ["format", "must be a date and time with an offset (RFC 3339)"]);

/** An object. */
export const members: Check = (value) => (value instanceof Map ? undefined : ["type", "must be an object"]);

export function isInteger(value: Value | undefined): value is Num {
  return value instanceof Num && /^-?(?:0|[1-9][0-9]*)$/.test(value.text);
}

const TIME = /^([0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$/;

export function isTime(value: string): boolean {
  const date = TIME.exec(value)?.[1];
  if (!date) return false;
  // Some engines read the 30th of February as the 2nd of March.
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}

const string: Check = (value) => (typeof value === "string" ? undefined : ["type", "must be a string"]);

/** Looks at the digits: as a double `1e-400` would be 0. */
function isPositive(number: Num): boolean {
  return !number.text.startsWith("-") && /[1-9]/.test(number.text.split(/e/i)[0] ?? "");
}
