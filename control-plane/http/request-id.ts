import type { NextFunction, Request, Response } from 'express';
import { newId } from '@countersign/platform/ids/typeid.ts';

const KEY = 'countersign.request_id';

/** Gives every request an id of ours, in `x-request-id`, in every problem and in every log line about it. */
export function assignRequestId(_request: Request, response: Response, next: NextFunction): void {
  const id = newId('request');
  response.locals[KEY] = id;
  response.setHeader('x-request-id', id);
  next();
}

export function requestIdOf(response: Response): string {
  return String(response.locals[KEY] ?? newId('request'));
}
