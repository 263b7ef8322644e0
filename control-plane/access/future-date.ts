import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';

/** A time that is still to come. @throws ApiError `request_invalid` */
export function futureDate(text: string, field: string, clock: Clock): Date {
  const date = new Date(text);
  if (date.getTime() > clock.now().getTime()) return date;
  throw new ApiError('request_invalid', 'The time is over.', { errors: [{ field, code: 'past', message: 'Give a time that is still to come.' }] });
}
