import { NativeSelect, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf } from '../api/client.ts';
import type { Schemas } from '../api/client.ts';
import { connectorsQuery } from '../api/queries.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';

type Pool = Schemas['AgentPool'];
type Environment = Schemas['NewAgentPool']['environment'];

const ENVIRONMENTS: readonly Environment[] = ['dev', 'staging', 'prod'];
const POOL_NAME = /^[a-z][a-z0-9-]{0,39}$/;
const INSTANCE_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const ORDERS = [
  { value: '15000', label: '15 s' }, { value: '60000', label: 'a minute' }, { value: '300000', label: '5 min' }, { value: '900000', label: '15 min' },
];
const ORDERS_SAY = 'Also while the cell cannot be reached: what an agent holds then goes on for as long, and nothing is given to another agent before.';

export function MakePoolModal({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [environment, setEnvironment] = useState<Environment>('prod');
  const [valid, setValid] = useState('60000');
  const make = useAct({
    act: () => dataOf(api.POST('/api/v1/agent-pools', { body: { name, environment, order_valid_ms: Number(valid) } })),
    says: (pool) => `${pool.name} is made: let an agent enrol into it`,
    touches: ['agent-pools'],
    onDone: onClose,
  });
  return (
    <FormModal title="Make a pool" confirm="Make it" wrong={POOL_NAME.test(name) ? null : 'Name it with small letters, digits and hyphens, a letter first.'} pending={make.isPending} error={make.error} onClose={onClose} onSubmit={() => make.mutate(undefined)}>
      <TextInput label="Name" description="Workflows place steps by it; it stays. A place or a network, such as frankfurt." data-autofocus required maxLength={40} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <NativeSelect label="Environment" data={[...ENVIRONMENTS]} value={environment} onChange={(event) => setEnvironment(event.currentTarget.value as Environment)} />
      <NativeSelect label="Its orders may begin within" description={ORDERS_SAY} data={ORDERS} value={valid} onChange={(event) => setValid(event.currentTarget.value)} />
    </FormModal>
  );
}

export function ChangePoolModal({ pool, onClose }: { pool: Pool; onClose: () => void }) {
  const now = String(pool.order_valid_ms);
  const [valid, setValid] = useState(now);
  const change = useAct({
    act: () => dataOf(api.PATCH('/api/v1/agent-pools/{pool_id}', { params: { path: { pool_id: pool.id } }, body: { order_valid_ms: Number(valid) } })),
    says: () => `${pool.name} is changed, for orders from now on`,
    touches: ['agent-pools'],
    onDone: onClose,
  });
  const choices = ORDERS.some(({ value }) => value === now) ? ORDERS : [{ value: now, label: `${(pool.order_valid_ms / 1_000).toLocaleString('en')} s, as it is` }, ...ORDERS];
  return (
    <FormModal title={`Change ${pool.name}`} confirm="Change it" pending={change.isPending} error={change.error} onClose={onClose} onSubmit={() => change.mutate(undefined)}>
      <NativeSelect label="Its orders may begin within" description={ORDERS_SAY} data={choices} value={valid} onChange={(event) => setValid(event.currentTarget.value)} />
    </FormModal>
  );
}

/** An instance without an address: where the system is, and what signs in there, stands in the agents' own configuration. */
export function PlaceSystemModal({ pool, onClose }: { pool: Pool; onClose: () => void }) {
  const { data: connectors } = useQuery(connectorsQuery);
  const [connector, setConnector] = useState('');
  const [name, setName] = useState('');
  const published = connectors?.items ?? [];
  const names = [...new Set(published.map((one) => one.connector))];
  // Listed by connector, the newest version first.
  const newest = published.find((one) => one.connector === connector);
  const place = useAct({
    act: (version: string) => dataOf(api.POST('/api/v1/instances', { body: { connector, connector_version: version, name, environment: pool.environment as Environment, pool_id: pool.id } })),
    says: (instance) => `${instance.name} is placed in ${pool.name}`,
    touches: ['agent-pools', 'instances'],
    onDone: onClose,
  });
  const wrong = newest === undefined ? 'Choose a connector.' : INSTANCE_NAME.test(name) ? null : 'Name it with small letters, digits and hyphens, a letter first.';
  return (
    <FormModal title={`Place a system in ${pool.name}`} confirm="Place it" wrong={wrong} pending={place.isPending} error={place.error} onClose={onClose} onSubmit={() => (newest === undefined ? undefined : place.mutate(newest.version))}>
      <Text size="sm">Its address and its credential are not asked for here: they stand in the configuration of the agents, and never leave that network.</Text>
      <NativeSelect label="Connector" required data={[{ value: '', label: 'Choose one' }, ...names]} value={connector} onChange={(event) => setConnector(event.currentTarget.value)} description={newest === undefined ? undefined : `Version ${newest.version}; the agents must have the same package.`} />
      <TextInput label="Name" description="The agents' configuration has a connection of the same name." required maxLength={63} value={name} onChange={(event) => setName(event.currentTarget.value)} />
    </FormModal>
  );
}
