/**
 * How a function fails: with a record of the failure. For a function of the contract, the component passes the record to the
 * host as the `err` of its result.
 */
export class Failure<Payload> extends Error {
  constructor(readonly payload: Payload) {
    super(JSON.stringify(payload));
  }
}

/** What `attempt` gives, or what `otherwise` makes of the record with which it fails. */
export function recover<Result, Payload>(attempt: () => Result, otherwise: (payload: Payload) => Result): Result {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof Failure) return otherwise(error.payload);
    throw error;
  }
}
