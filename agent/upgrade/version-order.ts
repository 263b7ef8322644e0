/** Whether `version` comes before `other`, by Semantic Versioning 2.0.0, section 11; build metadata has no place in ours. */
export function isOlder(version: string, other: string): boolean {
  const [a, b] = [partsOf(version), partsOf(other)];
  for (const at of [0, 1, 2]) if (a.numbers[at] !== b.numbers[at]) return a.numbers[at]! < b.numbers[at]!;
  if (a.pre.length === 0 || b.pre.length === 0) return a.pre.length > 0 && b.pre.length === 0;
  for (const [at, part] of a.pre.entries()) {
    const than = b.pre[at];
    if (than === undefined) return false;
    if (part !== than) return isPartOlder(part, than);
  }
  return a.pre.length < b.pre.length;
}

function partsOf(version: string): { readonly numbers: readonly number[]; readonly pre: readonly string[] } {
  const dash = version.indexOf('-');
  const [core, pre] = dash < 0 ? [version, ''] : [version.slice(0, dash), version.slice(dash + 1)];
  return { numbers: core.split('.').map(Number), pre: pre === '' ? [] : pre.split('.') };
}

function isPartOlder(part: string, than: string): boolean {
  const [isNumber, isThanNumber] = [/^\d+$/.test(part), /^\d+$/.test(than)];
  if (isNumber && isThanNumber) return Number(part) < Number(than);
  return isNumber === isThanNumber ? part < than : isNumber;
}
