/**
 * `node connectors/slack/sandbox/main.ts`: the stand-in for Slack as a process of its own. Prints one JSON line when it listens (and sends
 * it to a parent with an IPC channel), stops on SIGTERM, SIGINT, or when its parent is gone.
 */
import { readConfig } from './config.ts';
import { SlackSandboxError } from './errors.ts';
import { startSlackSandbox } from './server.ts';

try {
  const sandbox = await startSlackSandbox(readConfig());
  let stopping: Promise<void> | undefined;
  const stop = (): void => { stopping ??= sandbox.stop().finally(() => process.exit(0)); };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  const listening = { listening: sandbox.url };
  process.stdout.write(`${JSON.stringify(listening)}\n`);
  process.send?.(listening);
} catch (error) {
  if (!(error instanceof SlackSandboxError)) throw error;
  process.stderr.write(`slack sandbox: ${error.code}: ${error.message}\n`);
  process.exit(2);
}
