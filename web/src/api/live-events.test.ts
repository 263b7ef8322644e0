import { describe, expect, it } from 'vitest';
import { parseLiveEvent } from './live-events.ts';

describe('parseLiveEvent', () => {
  it('takes what it knows', () => expect(parseLiveEvent('{"kind":"run","id":"run_1","state":"waiting","more":1}')).toEqual({ kind: 'run', id: 'run_1' }));
  it.each([undefined, '', '{', 'null', '[]', '{"kind":"weather","id":"a"}', '{"kind":"run"}', '{"kind":"run","id":5}'])('leaves %j alone', (data) => expect(parseLiveEvent(data)).toBeNull());
});
