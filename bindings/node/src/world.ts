/**
 * What a policy sees of the system: nothing.
 *
 * The WASI interfaces are there because language runtimes import them, not because a policy may use them: the clock
 * stands still, a timer is a fault, randomness is constant, the environment is empty, and output is discarded. The gate does
 * the same (`engine/src/wasi.rs`).
 */

/** Random bytes that a policy may draw at once: enough for seeds. */
const RANDOM_BYTES = 4096n;

class IoError {
  toDebugString(): string {
    return '';
  }
}

class Pollable {
  ready(): boolean {
    return true;
  }
  block(): void {}
}

/** Ended from the start. */
class InputStream {
  read(): never {
    return closed();
  }
  blockingRead(): never {
    return closed();
  }
  skip(): never {
    return closed();
  }
  blockingSkip(): never {
    return closed();
  }
  subscribe(): Pollable {
    return new Pollable();
  }
}

/** Accepts everything and discards it. */
class OutputStream {
  checkWrite(): bigint {
    return 65_536n;
  }
  write(): void {}
  blockingWriteAndFlush(): void {}
  flush(): void {}
  blockingFlush(): void {}
  writeZeroes(): void {}
  blockingWriteZeroesAndFlush(): void {}
  splice(): never {
    return closed();
  }
  blockingSplice(): never {
    return closed();
  }
  subscribe(): Pollable {
    return new Pollable();
  }
}

class TerminalInput {}
class TerminalOutput {}

/** The resources that a policy can have handles of. */
export const RESOURCES: readonly Function[] = [IoError, Pollable, InputStream, OutputStream, TerminalInput, TerminalOutput];

/** The interfaces that a policy may import, with all their functions. */
export const WORLD = {
  'wasi:cli/environment': {
    getEnvironment: () => [],
    getArguments: () => [],
    initialCwd: () => undefined,
  },
  'wasi:cli/exit': { exit: () => refuse('it wants to exit') },
  'wasi:cli/stdin': { getStdin: () => new InputStream() },
  'wasi:cli/stdout': { getStdout: () => new OutputStream() },
  'wasi:cli/stderr': { getStderr: () => new OutputStream() },
  'wasi:cli/terminal-input': { TerminalInput },
  'wasi:cli/terminal-output': { TerminalOutput },
  'wasi:cli/terminal-stdin': { getTerminalStdin: () => undefined },
  'wasi:cli/terminal-stdout': { getTerminalStdout: () => undefined },
  'wasi:cli/terminal-stderr': { getTerminalStderr: () => undefined },
  'wasi:clocks/monotonic-clock': {
    now: () => 0n,
    resolution: () => 1n,
    subscribeInstant: () => refuse('it set a timer; time stands still for a policy'),
    subscribeDuration: () => refuse('it set a timer; time stands still for a policy'),
  },
  'wasi:clocks/wall-clock': {
    now: () => ({ seconds: 0n, nanoseconds: 0 }),
    resolution: () => ({ seconds: 0n, nanoseconds: 1 }),
  },
  'wasi:io/error': { Error: IoError },
  'wasi:io/poll': { Pollable, poll: (polled: unknown[]) => Uint32Array.from(polled.keys()) },
  'wasi:io/streams': { InputStream, OutputStream },
  'wasi:random/random': { getRandomBytes: zeroes, getRandomU64: () => 0n },
  'wasi:random/insecure': { getInsecureRandomBytes: zeroes, getInsecureRandomU64: () => 0n },
  'wasi:random/insecure-seed': { insecureSeed: () => [0n, 0n] },
};

function zeroes(length: bigint): Uint8Array {
  return length <= RANDOM_BYTES ? new Uint8Array(Number(length)) : refuse(`it wants ${length} random bytes at once`);
}

/** Stops the policy: an error that is thrown through WebAssembly is a trap. */
function refuse(why: string): never {
  throw new Error(why);
}

/** The error of a stream that has ended, as WASI defines it: a value, not an `Error`. */
function closed(): never {
  throw { tag: 'closed' };
}
