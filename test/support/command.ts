import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { inject } from 'vitest';

const root = join(import.meta.dirname, '../..');

export interface Command {
  readonly process: ChildProcess;
  /** All of it so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when a line of standard output matches. */
  said(words: RegExp): Promise<RegExpExecArray>;
  readonly exited: Promise<number | null>;
}

/** Starts `lazaret` as it was bundled for this run, with nothing of this environment but what is given. */
export function startCommand(args: readonly string[], env: Record<string, string>, input?: string): Command {
  const child = spawn(process.execPath, [inject('command'), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', LOG_LEVEL: 'warn', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stdin.end(input ?? '');
  const said = (words: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = words.exec(stdout);
        if (match) resolve(match);
        return match;
      };
      if (look()) return;
      child.stdout.on('data', look);
      void exited.then((code) => look() ?? reject(new Error(`ended with ${code} and never said ${words}: ${stdout}${stderr}`)));
    });
  return { process: child, stdout: () => stdout, stderr: () => stderr, said, exited };
}

/** Runs a command to its end. */
export async function runCommand(args: readonly string[], env: Record<string, string>, input?: string) {
  const command = startCommand(args, env, input);
  const exitCode = await command.exited;
  return { exitCode, stdout: command.stdout(), stderr: command.stderr() };
}
