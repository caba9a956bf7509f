/** The exports of the component: each interface of `wit/policy.wit` by its name. */
import { catalog } from "./catalog.ts";
import { process } from "./gate.ts";
import { validate } from "./validation.ts";

export const validation = { validate, catalog };
export * as migration from "./migration.ts";
export * as retry from "./retry.ts";
export * as gate from "./gate.ts";
export * as json from "./text.ts";

/** Judges every example once, so that the snapshot has what the engine prepares at the first call of a function. */
export function prepare(): void {
  for (const { versions } of catalog().eventTypes) {
    for (const { example } of versions) process(example, [], { now: "2026-03-01T09:30:00Z", handedBack: false });
  }
}
