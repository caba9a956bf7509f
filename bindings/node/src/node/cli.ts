#!/usr/bin/env node
/**
 * `tidegate-transpile`: writes a policy as an ES module, for browsers, bundlers, and programs that should start fast.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

import { messageOf } from '../errors.js';
import { digestOf } from './digest.js';
import { write } from './module.js';
import { transpile } from './transpile.js';

const USAGE = `tidegate-transpile POLICY.wasm --out DIRECTORY [--name NAME]

Writes NAME.js, NAME.d.ts and the WebAssembly that NAME.js loads from beside itself.
NAME is that of the file when it is not given.`;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`tidegate-transpile: ${messageOf(error)}`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string' }, name: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const [file, ...others] = positionals;
  if (file === undefined || values.out === undefined || others.length > 0) {
    console.error(USAGE);
    return 2;
  }
  const name = values.name ?? basename(file, '.wasm');
  if (!/^[\w-]+$/.test(name)) {
    console.error(`tidegate-transpile: "${name}" cannot name a module; give one with --name, of letters, digits, _ and -`);
    return 2;
  }
  const wasm = await readFile(file);
  const transpiled = await transpile(wasm, name).catch((error: unknown) => {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error });
  });
  await mkdir(values.out, { recursive: true });
  const files = await write(values.out, name, digestOf(wasm), transpiled);
  console.log(files.map((written) => `${values.out}/${written}`).join('\n'));
  return 0;
}
