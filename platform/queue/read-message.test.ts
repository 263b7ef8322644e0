import { expect, it } from 'vitest';
import { messageReader } from './read-message.ts';

const read = messageReader<{ v: 1; id: string }>({ type: 'object', required: ['v', 'id'], additionalProperties: false, properties: { v: { const: 1 }, id: { type: 'string', pattern: '^x' } } });

it('reads what fits', () => {
  expect(read('{"v":1,"id":"x1"}')).toEqual({ message: { v: 1, id: 'x1' } });
});

it.each([
  ['no JSON', 'hello'], ['nothing', ''], ['another version', '{"v":2,"id":"x1"}'], ['a field too many', '{"v":1,"id":"x1","more":1}'], ['another shape', '{"v":1,"id":"y"}'],
  ['a field twice', '{"v":1,"v":1,"id":"x1"}'], ['NUL', '{"v":1,"id":"x\\u0000"}\0'], ['a lone surrogate', '{"v":1,"id":"x\\ud800"}'], ['depth', '['.repeat(500)], ['size', `"${'x'.repeat(262_144)}"`],
])('refuses %s and says why without what it says', (_what, body) => {
  const answer = read(body);
  expect(answer).toEqual({ problem: expect.stringMatching(/./) as string });
  expect(JSON.stringify(answer)).not.toMatch(/x1|hello|xxx/);
});
