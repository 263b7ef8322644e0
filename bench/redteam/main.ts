/**
 * `npm run redteam -- --cases FILE --json`: replaces the model by an attacker and counts what peers receive that nobody granted.
 * Exit code 0 when nothing did and honest runs still pass, 1 when not, 2 when nothing could be measured.
 */
import { parseArguments, USAGE } from './arguments.ts';
import { readAttackCases, readLegitimateCases } from './cases.ts';
import { RedteamError } from './errors.ts';
import { asText, verdictOn } from './report.ts';
import { runRedteam } from './run.ts';
import { seededPolicy } from '@countersign/connectors/gateway/testing/test-gateway.ts';

try {
  const { cases: file, legitimate: honestFile, json, help } = parseArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
  } else {
    const [attacks, honest] = await Promise.all([readAttackCases(file), readLegitimateCases(honestFile)]);
    const pdp = await seededPolicy();
    const figures = await runRedteam({ cases: attacks.cases, legitimate: honest.cases, malformed: attacks.malformed, pdp });
    await pdp.stop();
    process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : asText(figures));
    process.exitCode = verdictOn(figures).ok ? 0 : 1;
  }
} catch (error) {
  if (!(error instanceof RedteamError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
