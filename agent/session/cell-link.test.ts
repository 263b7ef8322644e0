import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CellConnection } from './cell-connection.ts';
import { CellLink } from './cell-link.ts';
import { TlsCell } from './testing/tls-cell.ts';

let cell: TlsCell;
let link: CellLink;
let dialled: number;
beforeEach(async () => {
  dialled = 0;
  cell = await TlsCell.start((_, response) => response.end());
  link = new CellLink(() => {
    dialled += 1;
    return CellConnection.open({ url: cell.url, ca_pem: cell.authority.certificate_pem, proxy: null }, null);
  });
});
afterEach(async () => {
  link.close();
  await cell.stop();
});

/** As the cell sees it: all that came, of which so many are open. */
const seen = (): { readonly came: number; readonly open: number } => ({ came: cell.sockets.length, open: cell.sockets.filter(({ destroyed }) => !destroyed).length });

it('is dialled once, however many ask for it', async () => {
  const [first, second] = await Promise.all([link.connect(), link.connect()]);
  expect(second).toBe(first);
  expect(dialled).toBe(1);
});

it('is one connection after it was dialled twice at the same time, for a poll and for a new certificate', async () => {
  await Promise.all([link.connect(), link.replace()]);
  expect([dialled, (await link.connect()).isOpen]).toEqual([2, true]);
  await vi.waitFor(() => expect(seen()).toEqual({ came: 2, open: 1 }));
});

it('that is closed while it is dialled does not stay', async () => {
  const dialling = link.connect();
  link.close();
  expect((await dialling).isOpen).toBe(false);
  await vi.waitFor(() => expect(seen()).toEqual({ came: 1, open: 0 }));
});
