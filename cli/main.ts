#!/usr/bin/env node
import { runCommandLine } from './run.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(); // who read our output has had enough of it, as `head` does
});

process.exitCode = await runCommandLine(process.argv.slice(2));
