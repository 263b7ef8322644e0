import { InvalidArgumentError, Option } from 'commander';
import { CliError } from './errors.ts';

/** For an option that may be given more than once. */
export function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** A whole number within bounds, as an option or an argument. @throws CliError `input_invalid` that names `what` */
export function wholeNumber(text: string, what: string, { min, max }: { readonly min: number; readonly max: number }): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new CliError('input_invalid', `${what} ${text}: write a whole number from ${min} to ${max}.`);
  return value;
}

/** An option that takes one of some words. */
export function oneOf(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, `${description}: ${words.join(', ')}`).argParser((value: string) => {
    if (!words.includes(value)) throw new InvalidArgumentError(`Write ${words.join(', ')}.`);
    return value;
  });
}
