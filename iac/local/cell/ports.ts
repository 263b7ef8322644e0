import { createServer } from 'node:net';
import { CellError } from './errors.ts';

/** @throws CellError `port_taken`, naming the port, what it is for and the option that changes it */
export async function requireFreePort(port: number, purpose: string, option: string): Promise<void> {
  if (port === 0 || await isFree(port)) return;
  throw new CellError('port_taken', `Port ${port} (${purpose}) is taken by another program. Stop it, or choose another port with ${option}.`);
}

/** A port that was free a moment ago. */
export async function anyFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
