import type { SimulatedReason } from '@countersign/contracts/policy/author-request.ts';
import { pathOf } from './show-report.ts';
import type { ShownAs } from './show-report.ts';

interface Shown {
  readonly decision: { readonly outcome: string; readonly obligations: object; readonly shadow?: unknown };
  readonly reasons: readonly SimulatedReason[];
}

/** The outcome, what it asks for, and each reason with the line that made it. */
export function simulatedText({ decision, reasons }: Shown, shown: ShownAs): string {
  const asked = Object.entries(decision.obligations).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`);
  return [decision.outcome, ...asked, ...reasons.map((reason) => reasonText(reason, shown)), ...(decision.shadow === undefined ? [] : [`in shadow  ${JSON.stringify(decision.shadow)}`])].join('\n');
}

function reasonText({ rule, message, place }: SimulatedReason, shown: ShownAs): string {
  const said = `because ${rule}: ${message}`;
  return place === null ? said : `${said}\n  ${pathOf(place.file, shown)}:${place.line}\n    ${place.text.trim()}`;
}
