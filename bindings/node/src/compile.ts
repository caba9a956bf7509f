/**
 * Compiles the WebAssembly of a policy.
 */
import { LoadError, messageOf } from './errors.js';
import type { PolicyModule } from './module.js';

/** The modules of a policy, compiled, by name. Throws {@link LoadError}. */
export async function compiled(cores: PolicyModule['cores']): Promise<ReadonlyMap<string, object>> {
  return new Map(
    await Promise.all(Object.entries(cores).map(async ([name, core]) => [name, await compile(name, core)] as const)),
  );
}

async function compile(name: string, core: Uint8Array | URL): Promise<WebAssembly.Module> {
  try {
    if (core instanceof URL) {
      const response = await fetch(core);
      if (!response.ok) {
        throw new Error(`${core.href} answers ${response.status}`);
      }
      // Browsers cache compiled code when it is streamed, which they do only for this type.
      return response.headers.get('content-type') === 'application/wasm'
        ? await WebAssembly.compileStreaming(response)
        : await WebAssembly.compile(await response.arrayBuffer());
    }
    return await WebAssembly.compile(core as BufferSource);
  } catch (error) {
    const newer = error instanceof WebAssembly.CompileError ? '; a newer Node or browser may take it' : '';
    throw new LoadError(`${name} cannot be compiled: ${messageOf(error)}${newer}`, { cause: error });
  }
}
