/**
 * The versions of what makes a module of a policy.
 */
import { readFileSync } from 'node:fs';

const { version, dependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
};

/** Of this package and of jco, such as `0.1.0-0.15.0`. */
export const VERSIONS = `${version}-${dependencies['@bytecodealliance/jco-transpile']}`;
