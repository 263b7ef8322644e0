import type { ConformanceSubject } from '@countersign/connectors/conformance/subject.ts';
import { connector } from './connector.ts';
import { startSandbox } from './sandbox/server.ts';

/** How the suite that every connector passes tries this one: `countersign connector test`. */
export const conformance: ConformanceSubject = {
  connector,
  async start() {
    const sandbox = await startSandbox();
    let made = 0;
    const fresh = (): string => {
      made += 1;
      return sandbox.addNote(`note-${made}`, `Note ${made}`).id;
    };
    return {
      url: sandbox.url,
      credential: { kind: 'bearer', token: 'sandbox-token' },
      actions: {
        'note.get': { parameters: () => ({ id: fresh() }) },
        'entry.add': {
          parameters: () => ({ id: fresh(), text: 'Written by a test.' }),
          effects: ({ id }) => sandbox.notes.get(String(id))?.entries.length ?? 0,
        },
      },
      stop: () => sandbox.stop(),
    };
  },
};
