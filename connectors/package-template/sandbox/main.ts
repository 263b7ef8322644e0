import { startSandbox } from './server.ts';

/** The stand-in as a process of its own: `node sandbox/main.ts [PORT]`. */
const sandbox = await startSandbox({ port: Number(process.argv[2] ?? 0) });
sandbox.addNote('welcome', 'Welcome');
process.stdout.write(`${sandbox.url}  (a stand-in; token sandbox-token; note welcome)\n`);
