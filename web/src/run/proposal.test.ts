import { describe, expect, it } from 'vitest';
import { readProposal } from './proposal.ts';

describe('readProposal', () => {
  it('reads labels, summary and similar tickets', () => {
    expect(readProposal({
      mode: 'propose', summary: 'VPN drops.',
      per_label: { assignment_group: { value: 'Network', confidence: 0.9, top: [{ value: 'Network', confidence: 0.9 }, { value: 'Desk', confidence: 0.1 }] } },
      similar: [{ id: 'INC1', similarity: 0.8 }, { number: 'INC2', short_description: 'VPN slow' }],
    })).toEqual({
      mode: 'propose', summary: 'VPN drops.',
      labels: [{ name: 'Assignment group', value: 'Network', confidence: 0.9, top: [{ value: 'Network', confidence: 0.9 }, { value: 'Desk', confidence: 0.1 }] }],
      similar: [{ id: 'INC1', label: 'INC1', similarity: 0.8 }, { id: 'INC2', label: 'INC2 VPN slow', similarity: null }],
    });
  });
  it.each([null, undefined, 'text', [], {}, { per_label: 5, similar: 'x' }, { per_label: { a: null, b: { value: '' } } }])('finds none in %j', (output) => expect(readProposal(output)).toBeNull());
  it('shows no confidence rather than a wrong one', () => {
    expect(readProposal({ per_label: { x: { value: 'a', confidence: 97, top: [{ value: 'a', confidence: 97 }] } } })?.labels).toEqual([{ name: 'x', value: 'a', confidence: null, top: [] }]);
  });
});
