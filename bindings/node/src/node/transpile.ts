/**
 * Makes JavaScript and core WebAssembly from a policy's file.
 */
import { LoadError, messageOf } from '../errors.js';
import { WORLD } from '../world.js';
import { bounded } from './memory.js';

/** A policy that JavaScript can run: the source of an ES module with `instantiate`, and the modules that it needs. */
export interface Transpiled {
  source: string;
  cores: Record<string, Uint8Array>;
}

/** The exports of a policy that the package calls, or may call in future. */
const EXPORTS = [
  'tidegate:policy/validation@0.2.0',
  'tidegate:policy/migration@0.2.0',
  'tidegate:policy/retry@0.2.0',
  'tidegate:policy/gate@0.2.0',
  'tidegate:policy/json@0.2.0',
  'prepare',
];

/** The first bytes of a component, and of a WebAssembly module that is not one. */
const COMPONENT = '0061736d0d000100';
const CORE_MODULE = '0061736d01000000';

/** Transpiles the component `wasm`, whose modules are named after `name`. Throws {@link LoadError}. */
export async function transpile(wasm: Uint8Array, name: string): Promise<Transpiled> {
  checkHeader(wasm);
  // Only loaded for transpiling.
  const { transpileBytes } = await import('@bytecodealliance/jco-transpile');
  const { files, imports, exports } = await transpileBytes(wasm, {
    name,
    instantiation: 'async', // synchronous as long as no promise is passed
    emitTypescriptDeclarations: false,
    nodejsCompat: false,
    noComponentErrorWrapping: false,
  }).catch((error: unknown) => {
    throw new LoadError(`it is damaged: ${messageOf(error).split('\n', 1)[0]}`);
  });
  checkImports(imports);
  checkExports(exports.map(([exported]) => exported));
  const cores = Object.fromEntries(Object.entries(files).filter(([file]) => file.endsWith('.wasm')));
  return { source: new TextDecoder().decode(files[`${name}.js`]), cores: bounded(cores) };
}

function checkHeader(wasm: Uint8Array): void {
  const header = Buffer.from(wasm.subarray(0, COMPONENT.length / 2)).toString('hex');
  if (header === CORE_MODULE) {
    throw new LoadError('it is a core module of WebAssembly, not a component; compile it for wasm32-wasip2');
  }
  if (header !== COMPONENT) {
    throw new LoadError('it is not WebAssembly');
  }
}

function checkImports(imports: string[]): void {
  const refused = imports.filter((name) => !Object.hasOwn(WORLD, name));
  if (refused.length > 0) {
    throw new LoadError(`it imports ${refused.join(', ')}; a policy may not`);
  }
}

function checkExports(exports: string[]): void {
  const missing = EXPORTS.filter((name) => !exports.includes(name));
  if (missing.length > 0) {
    throw new LoadError(`it does not export ${missing.join(', ')}`);
  }
}
