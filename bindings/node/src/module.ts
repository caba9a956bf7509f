/**
 * A policy as JavaScript runs it: what `tidegate-transpile` writes and `Policy.from` accepts.
 */

/**
 * Makes an instance, synchronously when `core` and `start` are synchronous. `core` gives a `WebAssembly.Module`, from which
 * `start` makes a `WebAssembly.Instance`: types that a program for Node need not know.
 */
export type Instantiate = (
  core: (name: string) => object,
  imports: object,
  start: (module: never, imports?: never) => object,
) => object;

/** The default export of a module that `tidegate-transpile` wrote. */
export interface PolicyModule {
  /** `sha256:` and the hexadecimal SHA-256 of the policy's file. */
  digest: string;
  /** The WebAssembly modules it consists of, by name: their bytes, or where they are. */
  cores: Record<string, Uint8Array | URL>;
  instantiate: Instantiate;
  /** The policy's memory after `prepare`, in which every instance starts; absent: each calls `prepare`. */
  prepared?: Uint8Array | undefined;
}
