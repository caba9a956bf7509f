/** What the policy knows, for a host. */
import type { PolicyCatalog } from "tidegate:policy/validation@0.2.0";

import { ALERTS, DEAD_LETTERS, EVENT_BYTES, event, RULES, TYPES, type Version } from "./known.ts";
import { stepsOf } from "./migration.ts";
import { latest, oldest } from "./validation.ts";
import { DEPTH, Num, write } from "./values.ts";

export function catalog(): PolicyCatalog {
  const types = [...TYPES];
  const channels = [...types.map(([, known]) => known), ...ALERTS, DEAD_LETTERS].map(({ channel }) => channel);
  return {
    name: "parcel-deliveries",
    version: "0.1.0",
    eventTypes: types.map(([name, known]) => ({
      name,
      versions: known.versions.map((version) => ({ version: version.name, example: example(name, version) })),
      targetVersion: latest(known),
      defaultVersion: oldest(known),
      // A step that could lose something fails instead.
      migrations: stepsOf(known).map(({ from, to }) => ({ from, to, lossy: false })),
      rules: RULES,
      dropRules: [],
      accepted: known.accepted,
      channels: [known.channel],
      retryDelaysMs: Uint32Array.from(known.delaysMs),
    })),
    channels: [...new Set(channels)].sort(),
    envelope: {
      id: "/event_id",
      eventType: "/event_type",
      version: "/event_version",
      key: "/user_id",
      time: "/timestamp",
    },
    // Its events are bare: no attribute stands for a member.
    cloudEvents: { attributes: [] },
    deadLetters: DEAD_LETTERS,
    alerts: ALERTS,
    limits: { eventBytes: EVENT_BYTES, depth: DEPTH },
  };
}

function example(type: string, version: Version): string {
  return write(
    event({
      event_id: "e-1",
      event_type: type,
      event_version: version.name,
      task_id: new Num("7"),
      user_id: "customer-1",
      timestamp: "2026-03-01T09:30:00Z",
      payload: version.example,
    }),
  );
}
