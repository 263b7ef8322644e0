import { literalText, walk, type ParsedModule } from '../modules.ts';
import { isGenerated, isTest, type Violation } from '../tree.ts';

export const CATALOGUE_PATH = 'contracts/errors/catalogue.ts';

/** Every code of the catalogue is answered with somewhere: a code nobody throws is a promise nobody keeps. */
export function catalogueInUse(modules: readonly ParsedModule[], codes: readonly string[]): Violation[] {
  const literals = new Set<string>();
  for (const module of modules) {
    if (module.path === CATALOGUE_PATH || isTest(module.path) || isGenerated(module.path)) continue;
    walk(module.program, (node) => {
      const text = literalText(node);
      if (text !== undefined) literals.add(text);
    });
  }
  return codes
    .filter((code) => !literals.has(code))
    .map((code) => ({ rule: 'error-catalogue', path: CATALOGUE_PATH, message: `"${code}" is listed, but nothing answers with it` }));
}
