/**
 * What every entry point of the package exports besides `Policy`.
 */
export type {
  Accepted,
  Catalog,
  Change,
  Decided,
  EventType,
  Migrated,
  MigrationCause,
  Output,
  RejectionCause,
  RetryPlan,
  Violation,
} from './answers.js';
export { InvalidEvent, LoadError, MigrationFailed, Misuse, PolicyFault } from './errors.js';
export type { Attributes, EventInput } from './event.js';
export type { PolicyModule } from './module.js';
export type { Context } from './policy.js';
