import { startHttpServer } from '@countersign/platform/http/http-server.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import type { RouterConfig } from './config.ts';
import { Directory } from './directory.ts';
import { routerApp } from './http/router-app.ts';

export interface RunningRouter {
  readonly url: string;
  stop(): Promise<void>;
}

const DRAIN_MS = 1_000;

/** @throws RouterError `directory_invalid`; Node's own error when the port cannot be had */
export async function startRouter(config: RouterConfig): Promise<RunningRouter> {
  const log = createLogger('global-router', config.logLevel);
  const directory = await Directory.open(config.directoryFile, (error) => log.error({ err: error }, 'the directory cannot be read again; what was known of it holds'));
  const server = await startHttpServer(routerApp({ directory, keySha256: config.keySha256, log }), config);
  return { url: server.url, stop: () => server.stop(DRAIN_MS) };
}
