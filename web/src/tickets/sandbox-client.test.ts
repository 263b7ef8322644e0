import { describe, expect, it } from 'vitest';
import { createdAt, ticketsOf } from './sandbox-client.ts';

describe('ticketsOf', () => {
  it('reads plain fields and display values, and leaves out empty ones', () => {
    const [ticket] = ticketsOf({ tickets: [{ sys_id: 'a1', number: 'INC0010001', short_description: 'VPN', sys_created_on: '2026-11-21 03:04:05', category: '', assignment_group: { display_value: 'Network', value: 'f0' }, priority: '4' }] });
    expect(ticket).toEqual({ sys_id: 'a1', number: 'INC0010001', short_description: 'VPN', description: '', sys_created_on: '2026-11-21 03:04:05', fields: { assignment_group: 'Network', priority: '4' } });
    expect(ticket && createdAt(ticket)).toBe('2026-11-21T03:04:05Z');
  });
  it.each([null, [], { tickets: 'x' }, { tickets: [null, {}, { number: '' }] }])('finds none in %j', (body) => expect(ticketsOf(body)).toEqual([]));
});
