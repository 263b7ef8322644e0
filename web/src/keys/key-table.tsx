import { IconKey, IconKeyOff, IconClockHour4 } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';

type Key = Schemas['PublicKey'];

const KEY_LOOKS: Record<Key['state'], StateLook> = {
  upcoming: { tone: 'idle', icon: IconClockHour4, meaning: 'It is published, so that everybody knows it before it signs' },
  signing: { tone: 'ok', icon: IconKey, meaning: 'What is signed now is signed with it' },
  verifying: { tone: 'wait', icon: IconKey, meaning: 'Signs nothing new; what it signed is still verified with it' },
  retired: { tone: 'idle', icon: IconKeyOff, meaning: 'What is signed with it is refused' },
  revoked: { tone: 'bad', icon: IconKeyOff, meaning: 'Somebody else may have it: what it signed since then proves nothing by itself' },
};

const COLUMNS: ReadonlyArray<Column<Key>> = [
  { name: 'Purpose', cell: ({ purpose }) => purpose.replaceAll('_', ' ') },
  { name: 'State', cell: ({ state }) => <StateBadge state={state} look={KEY_LOOKS[state]} /> },
  { name: 'Algorithm', cell: ({ algorithm }) => algorithm },
  { name: 'Key id', cell: ({ kid }) => <CopyId id={kid} what="key id" /> },
  { name: 'Signs from', cell: ({ not_before }) => <TimeAgo at={not_before} /> },
  { name: 'Until', cell: untilOf },
  { name: 'Public key', cell: ({ public_jwk }) => <CopyId id={JSON.stringify(public_jwk)} what="public key" text="Copy as JWK" /> },
];

/** What signs, or has signed; `acts` adds what can be done with each. */
export function KeyTable({ keys, acts }: { keys: readonly Key[]; acts?: Column<Key> }) {
  return <DataTable label="Keys as a table" columns={acts === undefined ? COLUMNS : [...COLUMNS, acts]} rows={keys} rowKey={({ kid }) => kid} />;
}

function untilOf({ revoked_at, compromised_since, retired_at, retires_at }: Key) {
  if (revoked_at !== null) return <>revoked <TimeAgo at={revoked_at} />{compromised_since === null ? null : <>, not to be trusted since <TimeAgo at={compromised_since} /></>}</>;
  const until = retired_at ?? retires_at;
  return until === null ? 'no end' : <TimeAgo at={until} />;
}
