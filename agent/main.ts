#!/usr/bin/env node
import { runCommandLine } from './command-line.ts';
import { environment } from './config/config.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(); // who read our output has had enough of it, as `head` does
});

void runCommandLine(process.argv.slice(2), {
  env: environment(), input: process.stdin,
  print: (text) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
  say: (text) => void process.stderr.write(text.endsWith('\n') ? text : `${text}\n`),
}).then((code) => process.exit(code), (error: unknown) => {
  process.stderr.write(`countersign-agent: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
});
