import type { NextFunction, Request, Response } from 'express';
import { ApiError } from '@countersign/platform/http/api-error.ts';

/** No id and no file has a NUL in its name, and PostgreSQL refuses one with an error that would look like ours. */
export function refuseNulInPath(request: Request, _response: Response, next: NextFunction): void {
  if (request.path.includes('%00')) {
    throw new ApiError('request_invalid', 'The path holds a NUL character (%00).', { errors: [{ field: '/path', code: 'nul_character', message: 'Remove the NUL character (%00).' }] });
  }
  next();
}
