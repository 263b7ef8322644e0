import { PostgresStartError } from '../errors.ts';
import type { IdentityKind } from '../identity.ts';
import { startPostgres } from '../postgres.ts';

/**
 * A supervisor in a process of its own, so that tests can kill it and can run it as another user.
 * Arguments: data folder, port, and the way of running as root ("any" to let it choose),
 * and "loose" for a server that outlives its supervisor.
 * Says one JSON line when the server is ready or refused; stops the server when its standard input ends.
 */
const [dataDir = '', port = '0', kind = 'any', life = ''] = process.argv.slice(2);

try {
  const server = await startPostgres({
    dataDir,
    port: Number(port),
    log: (message) => console.error(message),
    outlivesSupervisor: life === 'loose',
    ...(kind === 'any' ? {} : { identities: [kind as IdentityKind] }),
  });
  say({ ready: true, adminUrl: server.adminUrl, pid: server.pid, port: server.port, identity: server.identity });
  void server.exited.then((exit) => say({ exited: true, signal: exit.signal, expected: exit.expected }));
  process.stdin.resume().once('end', () => void server.stop());
} catch (error) {
  if (!(error instanceof PostgresStartError)) throw error;
  say({ ready: false, code: error.code, message: error.message });
  process.exitCode = error.exitCode;
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
