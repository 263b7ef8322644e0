/** US dollars as decimal strings: added and multiplied in whole units of the smallest place, never in binary floating point. */

const PLACES = 9;
const PRICE_PLACES = 12;
const DECIMAL = /^(\d{1,15})(?:\.(\d{1,12}))?$/;

/**
 * `usdPerUnit` (at most twelve places) times `quantity`, to nine places, half a unit up.
 * @throws RangeError when a price is no plain decimal, or a quantity is negative or not finite
 */
export function timesQuantity(usdPerUnit: string, quantity: number): string {
  if (!Number.isFinite(quantity) || quantity < 0 || quantity >= 1e15) throw new RangeError(`A metered quantity is a number from 0 to 10^15, not ${quantity}.`);
  const product = scaled(usdPerUnit, PRICE_PLACES) * scaled(quantity.toFixed(PLACES), PLACES);
  const unit = 10n ** BigInt(PRICE_PLACES);
  return text((product + unit / 2n) / unit);
}

/** The sum of amounts of at most nine places. */
export function sumOf(amounts: readonly string[]): string {
  return text(amounts.reduce((sum, amount) => sum + scaled(amount, PLACES), 0n));
}

/** @throws RangeError when `b` is more than `a` */
export function differenceOf(a: string, b: string): string {
  const difference = scaled(a, PLACES) - scaled(b, PLACES);
  if (difference < 0n) throw new RangeError(`${b} USD cannot be taken from ${a} USD.`);
  return text(difference);
}

/** Whether `used` is at least 80 % of `limit`: when the people who pay are warned. */
export function isNearLimit(used: string, limit: string): boolean {
  return scaled(used, PLACES) * 10n >= scaled(limit, PLACES) * 8n;
}

export function isZero(amount: string): boolean {
  return scaled(amount, PLACES) === 0n;
}

/** Negative, zero or positive as `a` is less than, equal to or more than `b`. */
export function compareUsd(a: string, b: string): number {
  const difference = scaled(a, PLACES) - scaled(b, PLACES);
  return difference < 0n ? -1 : Number(difference > 0n);
}

function scaled(decimal: string, places: number): bigint {
  const match = DECIMAL.exec(decimal);
  if (match === null || (match[2] ?? '').length > places) throw new RangeError(`An amount is a plain decimal with at most ${places} places, not ${decimal}.`);
  return BigInt(match[1]! + (match[2] ?? '').padEnd(places, '0'));
}

function text(units: bigint): string {
  const digits = units.toString().padStart(PLACES + 1, '0');
  return `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`;
}
