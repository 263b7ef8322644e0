import { describe, expect, it } from 'vitest';
import { readSpiffeId, spiffeIdOf } from './spiffe-id.ts';

const NAME = { cell: 'cell-1', tenant_id: `ten_0${'1'.repeat(25)}`, environment_id: `env_0${'2'.repeat(25)}`, pool_id: `apl_0${'3'.repeat(25)}`, agent_id: `agt_0${'4'.repeat(25)}` };
const URI = spiffeIdOf(NAME);

describe('the SPIFFE id of an agent', () => {
  it('is read as it was written', () => {
    expect(readSpiffeId(URI)).toEqual(NAME);
  });

  it.each([`${URI}/`, `${URI}?x=1`, `${URI}#x`, ` ${URI}`, URI.replace('spiffe://', 'SPIFFE://'), URI.replace('/pool/', '/pool/../pool/'), URI.replace('ten_0', 'ten_8'), URI.replace('cell-1.', 'cell-1.x.'), ''])('%s is none', (uri) => {
    expect(readSpiffeId(uri)).toBeNull();
  });
});
