/**
 * Transpiled policies as ES modules: in files, and in memory.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Instantiate, PolicyModule } from '../module.js';
import type { Transpiled } from './transpile.js';

/** Writes a module that `Policy.from` accepts, with its types and its WebAssembly, and returns the names of the files. */
export async function write(
  directory: string,
  name: string,
  digest: string,
  { source, cores }: Transpiled,
): Promise<string[]> {
  const places = Object.keys(cores).map((core) => `    '${core}': new URL('./${core}', import.meta.url),\n`);
  const files: [string, string | Uint8Array][] = [
    [`${name}.js`, `${source}\nexport default {\n  digest: '${digest}',\n  instantiate,\n  cores: {\n${places.join('')}  },\n};\n`],
    [`${name}.d.ts`, `declare const policy: import('tidegate').PolicyModule;\nexport default policy;\n`],
    ...Object.entries(cores),
  ];
  await Promise.all(files.map(([file, content]) => writeFile(join(directory, file), content)));
  return files.map(([file]) => file);
}

/** The function of a transpiled policy, called `name` in stack traces. Node keeps each until the process ends. */
export async function instantiateOf(name: string, source: string): Promise<Instantiate> {
  // The name keeps the whole source out of stack traces.
  const named = `${source}\n//# sourceURL=${name}`;
  const url = `data:text/javascript;base64,${Buffer.from(named).toString('base64')}`;
  return ((await import(url)) as { instantiate: Instantiate }).instantiate;
}

/** The module with its parts in memory, since `fetch` of Node reads no files. */
export async function withFiles(module: PolicyModule): Promise<PolicyModule> {
  const cores = Object.entries(module.cores).map(async ([name, core]) =>
    core instanceof URL && core.protocol === 'file:' ? ([name, await readFile(core)] as const) : ([name, core] as const),
  );
  return { ...module, cores: Object.fromEntries(await Promise.all(cores)) };
}
