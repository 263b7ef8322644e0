/**
 * `node connectors/servicenow/sandbox/main.ts [--tls]`: the sandbox as a process of its own; `--tls` is HTTPS with client certificates
 * required, unless `SANDBOX_TLS` is `optional`. Prints one JSON line when it listens (and sends it to a parent with an IPC channel), stops on SIGTERM, SIGINT, or when its parent is gone.
 * Exit codes: 0 stopped, 2 the settings or the port cannot be used, 3 the records cannot be read or written.
 */
import { parseArgs } from 'node:util';
import { readConfig } from './config.ts';
import { SandboxError } from './errors.ts';
import { startSandbox } from './server.ts';

const STOP_DEADLINE_MS = 1_500;

try {
  const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
  const config = readConfig();
  const sandbox = await startSandbox(values.tls ? { ...config, tls: config.tls ?? 'required' } : config);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), STOP_DEADLINE_MS).unref();
    void sandbox.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
  const listening = { listening: sandbox.url, ...(sandbox.certificates === undefined ? {} : { tls_folder: sandbox.certificates.folder }) };
  process.stdout.write(`${JSON.stringify(listening)}\n`);
  process.send?.(listening);
} catch (error) {
  if (!(error instanceof SandboxError)) throw error;
  process.stderr.write(`servicenow sandbox: ${error.code}: ${error.message}\n`);
  process.exit(error.code === 'sandbox_data_unreadable' || error.code === 'sandbox_data_unwritable' ? 3 : 2);
}
