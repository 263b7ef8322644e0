import { judge } from './judge.ts';

/** Inside of the namespace that `ssrf.ts` made: judges and prints the figures. Its argument is the number of rebinding names. */
const figures = await judge({ namespaced: true, rebinds: Number(process.argv[2]) });
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
