/**
 * The package for Node: a policy is loaded from the same file that the gate runs.
 */
import { readFile } from 'node:fs/promises';

import { LoadError, messageOf, Misuse } from '../errors.js';
import type { PolicyModule } from '../module.js';
import { Policy as PolicyAnywhere } from '../policy.js';
import { makeInBackground } from './background.js';
import { cached } from './cache.js';
import { digestOf } from './digest.js';
import { instantiateOf, withFiles } from './module.js';

export * from '../exports.js';

/** How a policy is loaded. */
export interface LoadOptions {
  /**
   * A directory that only this user can write to, in which prepared policies are kept for the next start. Without it nothing
   * is written, and every start of a process takes about a second.
   */
  cacheDir?: string | undefined;
}

export class Policy extends PolicyAnywhere {
  /** Loads a policy from its file, or from the bytes of it. Throws {@link LoadError}, and {@link Misuse} for another option. */
  static async load(source: string | URL | Uint8Array, options: LoadOptions = {}): Promise<Policy> {
    const { cacheDir, ...others } = options;
    for (const name of Object.keys(others)) {
      throw new Misuse(`there is no option ${name}: there is cacheDir`);
    }
    try {
      const wasm = source instanceof Uint8Array ? source : await readFile(source);
      const digest = digestOf(wasm);
      const make = () => makeInBackground(wasm, 'policy');
      const made = await (cacheDir === undefined ? make() : cached(cacheDir, digest, make));
      const { source: code, cores, prepared } = made;
      return await super.from({ digest, instantiate: await instantiateOf(digest, code), cores, prepared });
    } catch (error) {
      const what = source instanceof Uint8Array ? 'the policy' : String(source);
      const kept = cacheDir === undefined ? '' : ` (kept in ${cacheDir})`;
      throw new LoadError(`${what}${kept}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** The policy in a module that `tidegate-transpile` wrote. Throws {@link LoadError}. */
  static override async from(module: PolicyModule): Promise<Policy> {
    return super.from(await withFiles(module));
  }
}
