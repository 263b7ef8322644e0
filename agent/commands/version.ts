import { PROTOCOL } from '@countersign/contracts/agent/protocol.ts';
import { AGENT_VERSION, PLATFORM, sbom } from '../version.ts';
import { EXIT } from './command.ts';
import type { Command, Given } from './command.ts';

export const version: Command = {
  usage: `Usage: countersign-agent version [--json | --sbom | --self-test]

  --json       version, protocol, platform and the Node that it runs on
  --sbom       what this binary is made of, as CycloneDX
  --self-test  loads everything that an agent runs with; what an upgrade tries before it switches
`,
  options: { json: { type: 'boolean' }, sbom: { type: 'boolean' }, 'self-test': { type: 'boolean' } },

  async run({ options, print, say }: Given): Promise<number> {
    if (options.sbom === true) {
      const made = sbom();
      if (made === null) say('countersign-agent: this one runs from its source and has no list of its parts. The binary has one.');
      else print(made);
      return made === null ? EXIT.failed : EXIT.done;
    }
    if (options['self-test'] === true) await (await import('../upgrade/self-test.ts')).selfTest();
    const about = { version: AGENT_VERSION, protocol: PROTOCOL, platform: PLATFORM, node: process.versions.node };
    print(options.json === true ? JSON.stringify(about) : `countersign-agent ${about.version} (protocol ${about.protocol}, ${about.platform}, Node ${about.node})`);
    return EXIT.done;
  },
};
