/** Amounts travel as decimal text with nine places; nothing here turns them into floating point before they are shortened. */

/**
 * `$0.00`, `$0.0042`, `$12.30`: cents, or for smaller amounts the first three digits that are not zero.
 * What is neither zero nor shown by nine places is `< $0.000000001`.
 */
export function formatUsd(amount_usd: string): string {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(amount_usd);
  if (match === null) return amount_usd;
  const [, sign = '', whole = '0', fraction = ''] = match;
  if (/^0*$/.test(whole) && /^0*$/.test(fraction)) return '$0.00';
  const grouped = whole.replace(/^0+(?=\d)/, '').replace(/\B(?=(\d{3})+$)/g, ',');
  if (/[1-9]/.test(whole)) return `${sign}$${grouped}.${fraction.padEnd(2, '0').slice(0, 2)}`;
  const zeros = /^0*/.exec(fraction)![0].length;
  const places = Math.max(2, zeros + 3);
  return `${sign}$0.${fraction.slice(0, places).replace(/0+$/, '').padEnd(2, '0')}`;
}

/** The sum of decimal texts, as decimal text with nine places. */
export function sumUsd(amounts: readonly string[]): string {
  const total = amounts.reduce((sum, amount) => sum + nanoUsd(amount), 0n);
  const digits = (total < 0n ? -total : total).toString().padStart(10, '0');
  return `${total < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** How much of `whole` the `part` is, in percent from 0 to 100; 100 where the whole is nothing. For a bar, not for a decision. */
export function shareOfUsd(part: string, whole: string): number {
  const all = nanoUsd(whole);
  if (all <= 0n) return 100;
  const percent = (nanoUsd(part) * 100n) / all;
  return percent > 100n ? 100 : percent < 0n ? 0 : Number(percent);
}

function nanoUsd(amount: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{0,9})\d*)?$/.exec(amount);
  if (match === null) return 0n;
  const [, sign, whole = '0', fraction = ''] = match;
  const value = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -value : value;
}

/** `1,234,567`; decimals keep up to three places. */
export function formatQuantity(quantity: string): string {
  const number = Number(quantity);
  return Number.isFinite(number) ? new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 }).format(number) : quantity;
}

/** `1.2 kB`, `3.4 MB`. */
export function formatBytes(size_bytes: number): string {
  if (size_bytes < 1_000) return `${size_bytes} B`;
  if (size_bytes < 1_000_000) return `${(size_bytes / 1_000).toFixed(1)} kB`;
  return `${(size_bytes / 1_000_000).toFixed(1)} MB`;
}
