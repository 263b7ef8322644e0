import type { ConformanceSubject } from '../conformance/subject.ts';
import { loadManifest } from '../sdk/load-manifest.ts';
import { declaredConnector } from './declared-connector.ts';
import { STAND_IN_TOKEN, startAssetInventory } from './sandbox/asset-inventory.ts';

/** The example of a connector without code, before the stand-in of a customer's API. */
export const conformance: ConformanceSubject = {
  connector: declaredConnector(loadManifest(new URL('./sandbox/asset-inventory.yaml', import.meta.url))),
  async start() {
    const inventory = await startAssetInventory();
    let owners = 0;
    let notes = 0;
    return {
      url: inventory.url,
      credential: { kind: 'bearer', token: STAND_IN_TOKEN },
      actions: {
        'asset.get': { parameters: () => ({ tag: 'LT-1001' }) },
        'asset.search': { parameters: () => ({ owner: null, limit: 2 }) },
        'note.list': { parameters: () => ({ tag: 'LT-1001' }) },
        'asset.assign': {
          parameters: () => ({ tag: 'PR-2001', owner: `team-${++owners}-of-conformance` }),
          effects: ({ owner }) => [...inventory.assets.values()].filter((asset) => asset.owner === owner).length,
        },
        'note.add': {
          parameters: () => ({ tag: 'LT-1002', text: `Note ${++notes} of conformance` }),
          effects: ({ text }) => inventory.assets.get('LT-1002')!.notes.filter((note) => note.text === text).length,
        },
      },
      stop: () => inventory.stop(),
    };
  },
};
