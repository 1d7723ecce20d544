import { Command, CommanderError } from 'commander';
import { EXIT } from './command-error.ts';

/**
 * The `lazaret` command. What a sub-command needs is loaded when it is called, so that none waits for the others.
 *
 * @returns the exit status
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    await commandLine().parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { exitCode, text } = (await import('./explain-error.ts')).explainError(error);
    process.stderr.write(`lazaret: ${text}\n`);
    return exitCode;
  }
}

function commandLine(): Command {
  // Settings of a command go to those that are added after it.
  const program = new Command('lazaret').exitOverride().showHelpAfterError('(--help shows what it takes)');
  program.description('Knows whom you must not write to, and why.');
  program
    .command('serve')
    .description('run the server: API, dashboard and jobs')
    .action(async () => (await import('./serve.ts')).runServe());
  program
    .command('worker')
    .description('run the jobs alone; needs DATABASE_URL')
    .action(async () => (await import('./serve.ts')).runServe('worker'));
  program
    .command('migrate')
    .description('bring the database to this version')
    .action(async () => (await import('./migrate.ts')).runMigrate());
  program
    .command('classify')
    .description('say what raw messages mean; touches no database')
    .argument('<path...>', 'files, mbox files or folders; - = standard input')
    .option('--json', 'one JSON object a line and message')
    .option('--replies', 'the input is SMTP replies, one a line, plain or as JSON strings')
    .action(async (paths, options) => {
      process.exitCode = await (await import('./classify.ts')).runClassify(paths, options);
    });
  program
    .command('ingest')
    .description('take raw messages into the database; safe to repeat')
    .argument('<path...>', 'files, mbox files or folders; - = standard input')
    .action(async (paths) => {
      process.exitCode = await (await import('./ingest.ts')).runIngest(paths);
    });
  program
    .command('check')
    .description('say of addresses on standard input, one a line, whether they may be written to')
    .option('--channel <channel>', 'of all of them', 'EMAIL')
    .action(async (options) => {
      process.exitCode = await (await import('./check.ts')).runCheck(options);
    });
  program
    .command('import')
    .description('bring in profiles or a quarantine list; safe to repeat; rejected rows go to FILE.rejected')
    .argument('<file>', 'CSV with a header, or NDJSON by its ending .ndjson or .jsonl; - = CSV on standard input')
    .requiredOption('--as <what>', 'profiles or quarantine')
    .option('--dry-run', 'say what would be taken and what rejected; write nothing but FILE.rejected')
    .addHelpText('after', IMPORT_HELP)
    .action(async (file, options) => {
      process.exitCode = await (await import('./import.ts')).runImport(file, options);
    });
  program
    .command('export')
    .description('write a list to standard output, oldest first')
    .argument('<list>', 'quarantine, delivery-logs or exclusion-logs')
    .option('--filter <json>', "the API's filter of that list")
    .option('--format <format>', 'csv or ndjson', 'csv')
    .action(async (list, options) => {
      process.exitCode = await (await import('./export.ts')).runExport(list, options);
    });
  program
    .command('watch')
    .description('print updates as they happen; goes on by itself after a lost connection')
    .argument('<feed>', 'delivery-logs, exclusion-logs, quarantine or alerts')
    .option('--filter <json>', "the subscription's filter")
    .option('--after <cursor>', 'first what has happened since this update')
    .option('--url <url>', 'of the server; else LAZARET_URL, or the one that runs on this data directory')
    .option('--json', 'one JSON object a line')
    .action(async (feed, options) => (await import('./watch.ts')).runWatch(feed, options));
  program
    .command('verify')
    .description('is every quarantine entry what its ledger says? Status 1 where one is not')
    .option('--repair', 'make the list say what its ledger says')
    .option('--json', 'one JSON object a difference')
    .action(async (options) => (await import('./verify.ts')).runVerify(options));
  addPrivacyCommands(program.command('privacy').description('give a person what is kept about them, or erase it'));
  addTokenCommands(program.command('token').description('make, list and revoke tokens'));
  return program;
}

const IMPORT_HELP = `
Profiles: external_id, first_name, last_name, email, mobile, opted_out. Several addresses stand separated by |. A column that is not in the
file stays as it is, an empty one is cleared. opted_out is empty, all, or channels separated by |: it opts out and never in.

Quarantine: channel, address, status, reason, error_count, error_text, last_error_at. An empty status means DENYLISTED: an external list. The
stronger status wins: no import opens what failures, complaints or people have shut. Also short_code (SMS: the one sender that is meant;
empty = all), and all that an export of the list says, so that it comes into an empty database as it was.`;

function addPrivacyCommands(privacy: Command): void {
  const about = (command: Command): Command =>
    command
      .option('--email <address>', 'the person by an e-mail address')
      .option('--phone <number>', 'by a phone number, on all its channels')
      .option('--profile <number>', 'by the number of the profile')
      .option('--external-id <id>', 'by the external id')
      .option('--regulation <law>', 'GDPR, CCPA, PDPA or LGPD', 'GDPR');
  about(privacy.command('access').description('write everything that is kept about the person as one JSON file'))
    .option('--out <file>', 'instead of standard output')
    .action(async (options) => {
      process.exitCode = await (await import('./privacy.ts')).runPrivacyAccess(options);
    });
  about(privacy.command('erase').description('erase the person; waits for "privacy confirm" unless --now'))
    .option('--dry-run', 'say what would be erased; change nothing')
    .option('--now', 'in one step')
    .option('--shared', 'also addresses that other profiles hold too')
    .action(async (options) => {
      process.exitCode = await (await import('./privacy.ts')).runPrivacyErase(options);
    });
  privacy
    .command('confirm')
    .description('the second step of an erasure')
    .argument('<request>', 'its number')
    .action(async (id) => {
      process.exitCode = await (await import('./privacy.ts')).runPrivacyConfirm(id);
    });
}

function addTokenCommands(token: Command): void {
  token
    .command('create')
    .description('make a token and print its secret, once')
    .requiredOption('--name <name>', 'who it is for')
    .requiredOption('--scopes <scopes>', 'what it may do, separated by commas')
    .option('--expires <instant>', 'when it ends, as 2027-01-31T12:00:00Z')
    .action(async (options) => (await import('./token.ts')).runTokenCreate(options));
  token
    .command('list')
    .description('all tokens, newest first')
    .option('--json', 'one JSON object a line')
    .action(async (options) => (await import('./token.ts')).runTokenList(options));
  token
    .command('revoke')
    .description('end a token')
    .argument('<id>', 'as list shows it')
    .action(async (id) => (await import('./token.ts')).runTokenRevoke(id));
}
