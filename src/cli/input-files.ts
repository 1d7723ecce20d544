import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, EXIT } from './command-error.ts';

/** Stands for standard input where a path is expected. */
export const STDIN = '-';

/** Where input comes from: a file, a pipe that is named like one, or standard input. */
export interface InputFile {
  /** As it was given; a file of a folder behind the folder's name. */
  readonly name: string;
  /** In bytes; null = not known before its end. */
  readonly size: number | null;
}

/**
 * The files that paths name; of a folder those in it and below it, sorted, without hidden ones and without following links to folders.
 *
 * @throws CommandError (wrong usage) for a path that does not exist or may not be looked at
 */
export async function listFiles(paths: readonly string[]): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for (const path of paths) {
    if (path === STDIN) files.push({ name: STDIN, size: null });
    else await addFilesOf(path, files);
  }
  return files;
}

async function addFilesOf(path: string, files: InputFile[]): Promise<void> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) await addFilesBelow(path, files);
    else files.push({ name: path, size: found.isFile() ? found.size : null });
  } catch (error) {
    throw new CommandError(EXIT.usage, explainFileError(path, error));
  }
}

/** Throws before it has added anything. */
async function addFilesBelow(folder: string, files: InputFile[]): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const name = join(folder, entry.name);
    // A folder that may not be opened says so in its turn, as a file would: the others are read.
    if (entry.isDirectory()) await addFilesBelow(name, files).catch(() => void files.push({ name, size: null }));
    else if (entry.isFile() || entry.isSymbolicLink()) files.push({ name, size: null });
  }
}

/** One sentence for what the system says about a file. */
export function explainFileError(path: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `${path} does not exist`;
  if (code === 'EACCES' || code === 'EPERM') return `${path} may not be read by this user`;
  if (code === 'EISDIR') return `${path} is a folder; a file is needed`;
  if (code === 'ENOSPC') return `there is no space left to write ${path}`;
  return `${path} cannot be used: ${message}`;
}
