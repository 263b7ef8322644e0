import { ApiError } from '@countersign/platform/http/api-error.ts';

/** A place in a list sorted by time and id, newest first. The time is PostgreSQL's own text, to the microsecond. */
export interface Position {
  readonly at: string;
  readonly id: string;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Reads a cursor that `pageOf` gave. @throws ApiError `request_invalid` for any other text */
export function positionOf(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const [at, id, ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  if (at === undefined || id === undefined || rest.length > 0 || !TIME.test(at) || !/^[\w-]{1,100}$/.test(id)) {
    throw new ApiError('request_invalid', 'The cursor is not one that this API gave.', {
      errors: [{ field: '/query/cursor', code: 'cursor_invalid', message: 'Use `next_cursor` of the page before, unchanged, or leave it out.' }],
    });
  }
  return { at, id };
}

/** A page of `rows`, which were asked for with one more than `limit` to see whether there is a next one. */
export function pageOf<Row extends { readonly cursor_at: string; readonly id: string }>(rows: readonly Row[], limit: number): { rows: Row[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { rows: page, nextCursor: more ? cursorOf({ at: last.cursor_at, id: last.id }) : null };
}

/** The cursor of what comes after `position`. */
export function cursorOf({ at, id }: Position): string {
  return Buffer.from(`${at} ${id}`).toString('base64url');
}
