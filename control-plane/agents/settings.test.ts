import { expect, test } from 'vitest';
import { readAgentSettings } from './settings.ts';

const read = (env: Record<string, string>): ReturnType<typeof readAgentSettings> => readAgentSettings(env, {
  whole: (name, otherwise) => (env[name] === undefined ? otherwise : Number(env[name])), wrong: (message) => new RangeError(message),
});

test('without a port there are no agents, whatever else is set', () => {
  expect(read({ COUNTERSIGN_AGENT_CA: 'file:/x' })).toBeNull();
  expect(read({ COUNTERSIGN_AGENT_PORT: '' })).toBeNull();
});

test('with a port and an authority there are', () => {
  expect(read({ COUNTERSIGN_AGENT_PORT: '8443', COUNTERSIGN_AGENT_CA: 'file:/keys' })).toMatchObject({ port: 8443, host: '127.0.0.1', publicUrl: null, authority: { kind: 'file', folder: '/keys' }, certificate_s: 3_600 });
  expect(read({ COUNTERSIGN_AGENT_PORT: '1', COUNTERSIGN_AGENT_CA: 'aws-kms:arn:aws:kms:eu-central-1:1:key/a', COUNTERSIGN_AWS_REGION: 'eu-central-1', COUNTERSIGN_AGENT_PUBLIC_URL: 'https://Agents.Example:8443/' })).toMatchObject({
    publicUrl: 'https://agents.example:8443', authority: { kind: 'aws-kms', keyId: 'arn:aws:kms:eu-central-1:1:key/a', endpoint: null, region: 'eu-central-1' },
  });
});

test.each([
  ['COUNTERSIGN_AGENT_CA', ''], ['COUNTERSIGN_AGENT_CA', '/keys'], ['COUNTERSIGN_AGENT_CA', 'vault:x'], ['COUNTERSIGN_AGENT_CA', 'file:'],
  ['COUNTERSIGN_AGENT_PUBLIC_URL', 'http://agents.example:8443'], ['COUNTERSIGN_AGENT_PUBLIC_URL', 'agents.example:8443'], ['COUNTERSIGN_AGENT_PUBLIC_URL', 'https://agents.example:8443/path'], ['COUNTERSIGN_AGENT_PUBLIC_URL', 'https://user@agents.example'],
])('%s is not %j, and the message names it', (name, value) => {
  expect(() => read({ COUNTERSIGN_AGENT_PORT: '8443', COUNTERSIGN_AGENT_CA: 'file:/keys', [name]: value })).toThrow(new RegExp(`^${name} is `));
});
