// Serves the page on this machine, with the package and the policy beside it:
//   npx tidegate-transpile ../../dist/policy.wasm --out examples/page/policy && node examples/page/serve.js
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = new URL('./', import.meta.url);
const PACKAGE = new URL('../../dist/', import.meta.url);
const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Starts a server for the files of the page, with the policy as a module in the folder `policy`. */
export async function serve(policy = new URL('policy/', HERE), port = 0) {
  const server = createServer(async (request, response) => {
    // A URL has no `..` left in its path: nothing above the three folders is served.
    const { pathname } = new URL(request.url, 'http://localhost');
    const [, folder, file] = /^\/(?:(tidegate|policy)\/)?(.*)$/.exec(pathname);
    const root = { tidegate: PACKAGE, policy }[folder] ?? HERE;
    try {
      const content = await readFile(new URL(`./${file || 'index.html'}`, root));
      response.setHeader('content-type', TYPES[extname(file || 'index.html')] ?? 'application/octet-stream').end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(port, '127.0.0.1', listening));
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(undefined, 8000);
  console.log(`http://127.0.0.1:${server.address().port}/`);
}
