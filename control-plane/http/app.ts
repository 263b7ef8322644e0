import type { IncomingMessage } from 'node:http';
import express from 'express';
import type { Express } from 'express';
import type { ContractOperation } from '@countersign/platform/http/contract.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Access } from '../access/access.ts';
import type { SecondPerson } from '../changes/second-person.ts';
import type { Handlers, RoutedOperationId } from '../api/operation.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import type { Ingestion } from '../ingestion/ingestion.ts';
import { scimRoutes } from '../scim/http/scim-routes.ts';
import type { Scim } from '../scim/http/scim-routes.ts';
import { slackRoute } from '../slack/http/slack-route.ts';
import type { SlackRequests } from '../slack/requests.ts';
import type { RequestMetrics } from '../telemetry/request-metrics.ts';
import { accessLog } from './access-log.ts';
import { consoleRoutes } from './console.ts';
import { healthRoutes } from './health.ts';
import { ingestRoute } from './ingest-route.ts';
import { lastErrorHandler } from './last-error-handler.ts';
import { operationRoute } from './operation-route.ts';
import { assignRequestId } from './request-id.ts';
import { observeOperation } from './observe-operation.ts';
import { limitSignIn } from './limit-sign-in.ts';
import { refuseNulInPath } from './refuse-nul-in-path.ts';
import { securityHeaders } from './security-headers.ts';

export interface AppParts {
  readonly contract: readonly ContractOperation[];
  readonly handlers: Handlers;
  readonly ingestion: Ingestion;
  readonly slackRequests: SlackRequests;
  readonly scim: Scim;
  readonly access: Access;
  readonly secondPerson: SecondPerson;
  readonly signInAttempts: RateLimit;
  /** Whom a request is counted against: the address of the client, behind proxies that are trusted. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly isReady: () => Promise<boolean>;
  readonly publicUrl: string;
  readonly sandboxUrl: string | null;
  readonly consoleFolder: string;
  readonly requests: RequestMetrics;
  readonly log: Logger;
}

/** The control plane over HTTP. The order matters: webhooks first and lean, then everything else, and errors in one place at the end. */
export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false);
  // A rule of a proxy before us about /api/v1/... must mean the paths that we serve, and no other spelling of them.
  app.enable('case sensitive routing');

  app.use(assignRequestId, refuseNulInPath);
  app.post('/api/v1/ingest/:connector/:instance', ingestRoute(parts.ingestion));

  app.use(accessLog(parts.log), securityHeaders(parts));
  app.use(healthRoutes(parts.isReady));
  app.post('/api/v1/slack/requests/:tenant', slackRoute(parts.slackRequests));
  app.post(['/api/v1/sign-in', '/api/v1/sign-in/*way', '/api/v1/oauth/token'], limitSignIn(parts.signInAttempts, parts.addressOf));
  app.use('/scim/v2', scimRoutes(parts.access, parts.scim, parts.requests));
  for (const operation of parts.contract) {
    if (operation.id !== 'ingest' && operation.id !== 'slackRequest' && !operation.id.startsWith('scim')) addRoute(app, operation.id as RoutedOperationId, operation, parts);
  }
  refuseOtherMethods(app, parts.contract);
  app.use('/api', () => { throw new ApiError('not_found', 'There is no such path in the API.'); });
  app.use(consoleRoutes(parts.consoleFolder));
  app.use(() => { throw new ApiError('not_found', 'There is no such file.'); });

  app.use(lastErrorHandler(parts.log));
  return app;
}

function addRoute<Op extends RoutedOperationId>(app: Express, id: Op, operation: ContractOperation, parts: AppParts): void {
  const method = operation.method as 'get' | 'post' | 'put' | 'patch' | 'delete';
  app[method](expressPath(operation.path), observeOperation(id, parts.requests), operationRoute(id, parts.handlers[id], operation, parts));
}

function refuseOtherMethods(app: Express, contract: readonly ContractOperation[]): void {
  for (const [path, operations] of Map.groupBy(contract, (operation) => operation.path)) {
    const allow = operations.map((operation) => operation.method.toUpperCase()).join(', ');
    app.all(expressPath(path), () => { throw new ApiError('method_not_allowed', `Use ${allow}.`, { headers: { allow } }); });
  }
}

function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
