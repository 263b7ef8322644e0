import { describe, expect, test } from 'vitest';
import { parseEncodedQuery } from './query-parser.ts';
import { selectRows } from './query-match.ts';
import type { Change } from './change-log.ts';
import { RecordStore } from './store.ts';

describe('parsing', () => {
  test('AND, OR and NQ nest as documented', () => {
    expect(parseEncodedQuery('state=1^ORstate=2^category=network^NQpriority<=2').queries).toEqual([
      [
        [{ field: 'state', operator: '=', value: '1' }, { field: 'state', operator: '=', value: '2' }],
        [{ field: 'category', operator: '=', value: 'network' }],
      ],
      [[{ field: 'priority', operator: '<=', value: '2' }]],
    ]);
  });

  test('order clauses are read in turn', () => {
    expect(parseEncodedQuery('active=true^ORDERBYnumber^ORDERBYDESCcategory').order).toEqual([
      { field: 'number', descending: false },
      { field: 'category', descending: true },
    ]);
  });

  test('a doubled caret is a caret of the value', () => {
    expect(parseEncodedQuery('short_description=a^^b^state=1').queries).toEqual([
      [[{ field: 'short_description', operator: '=', value: 'a^b' }], [{ field: 'state', operator: '=', value: '1' }]],
    ]);
  });

  test('what cannot be read is reported and left out', () => {
    expect(parseEncodedQuery('state~1^number=INC1')).toMatchObject({ ignored: ['state~1'], queries: [[[{ field: 'number' }]]] });
  });
});

describe('matching', () => {
  const incident = (sys_id: string, record: Record<string, string>): Change => ({ table: 'incident', sys_id, record: { sys_id, ...record } });
  const store = new RecordStore({
    seed: () => [
      { table: 'sys_user_group', sys_id: 'g1', record: { sys_id: 'g1', name: 'Network Operations' } },
      incident('a', { number: 'INC1', state: '1', short_description: 'VPN down', assignment_group: 'g1', sys_updated_on: '2026-01-01 08:00:00' }),
      incident('b', { number: 'INC2', state: '2', short_description: 'vpn slow', category: 'network', sys_updated_on: '2026-01-02 08:00:00' }),
      incident('c', { number: 'INC10', state: '10', short_description: 'Printer', sys_updated_on: '2026-01-03 08:00:00' }),
    ],
  });
  const numbers = (query: string): string[] => selectRows(store, 'incident', parseEncodedQuery(query)).map((row) => row['number'] ?? '');

  test.each([
    ['state=1', ['INC1']],
    ['state!=1', ['INC2', 'INC10']],
    ['stateIN1,2', ['INC1', 'INC2']],
    ['stateNOT IN1,2', ['INC10']],
    ['short_descriptionLIKEVPN', ['INC1']],
    ['short_descriptionNOT LIKEVPN', ['INC2', 'INC10']],
    ['short_descriptionSTARTSWITHvpn', ['INC2']],
    ['short_descriptionENDSWITHdown', ['INC1']],
    ['categoryISEMPTY', ['INC1', 'INC10']],
    ['categoryISNOTEMPTY', ['INC2']],
    ['state>2', ['INC10']],
    ['state>=2', ['INC2', 'INC10']],
    ['state<10^state>1', ['INC2']],
    ['stateBETWEEN2@10', ['INC2', 'INC10']],
    ['sys_updated_on>=2026-01-02 08:00:00', ['INC2', 'INC10']],
    ["sys_updated_on>javascript:gs.dateGenerate('2026-01-02','08:00:00')", ['INC10']],
    ['assignment_group=g1', ['INC1']],
    ['assignment_groupLIKENetwork', ['INC1']],
    ['assignment_group.name=Network Operations', ['INC1']],
    ['state=1^ORstate=2^categoryISNOTEMPTY', ['INC2']],
    ['state=1^NQcategory=network', ['INC1', 'INC2']],
    ['ORDERBYDESCstate', ['INC10', 'INC2', 'INC1']],
    ['no_such_field=1^state=1', ['INC1']],
    ['no_such_field=1', ['INC1', 'INC2', 'INC10']],
    ['', ['INC1', 'INC2', 'INC10']],
  ])('%s', (query, expected) => {
    expect(numbers(query)).toEqual(expected);
  });
});
