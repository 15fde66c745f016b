/**
 * Which processes live and whose they are, from /proc: the word of the operating system, not of the
 * product. A node is known by its folder, `<home>/nodes/<name>`, which its processes carry in their
 * environment or on their command line.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

export interface LiveProcess {
  pid: number;
  command: string;
  environment: Record<string, string>;
}

export interface NodeInstance {
  folder: string;
  endpointId: string;
  pids: number[];
  /** How many of them are the scripted runtime; more than one would be a double start. */
  runtimes: number;
}

/** Every live process, zombies left out. */
async function liveProcesses(): Promise<LiveProcess[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => readProcess(Number(name))));
  return found.filter((one) => one !== null);
}

async function readProcess(pid: number): Promise<LiveProcess | null> {
  try {
    const [cmdline, environ] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
    ]);
    if (cmdline === '' || !(await isAlive(pid))) return null;
    const environment = Object.fromEntries(environ.split('\0').map((entry) => splitOnce(entry)));
    return { pid, command: cmdline.replaceAll('\0', ' ').trim(), environment };
  } catch {
    return null;
  }
}

function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** False for a zombie too: it is dead, only nobody has asked after it yet. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  return state !== '' && state !== 'Z' && state !== 'X';
}

/** Everything that names the folder in its environment or on its command line, this process aside. */
export async function processesNaming(folder: string): Promise<LiveProcess[]> {
  const all = await liveProcesses();
  return all.filter(
    (one) =>
      one.pid !== process.pid &&
      (one.command.includes(folder) || Object.values(one.environment).some((value) => value.includes(folder))),
  );
}

/** The nodes that really run below a home, one entry per node folder. */
export async function findNodeInstances(home: string, endpointId?: string): Promise<NodeInstance[]> {
  const nodesFolder = path.join(home, 'nodes') + path.sep;
  const byFolder = new Map<string, NodeInstance>();
  for (const one of await processesNaming(nodesFolder)) {
    const folder = nodeFolderOf(one, nodesFolder);
    if (folder === null) continue;
    const known = byFolder.get(folder);
    const isRuntime = one.command.includes('scripted-runtime.mjs');
    byFolder.set(folder, {
      folder,
      endpointId: known?.endpointId || one.environment['ENDPOINT_ID'] || (await endpointOfFolder(folder)),
      pids: [...(known?.pids ?? []), one.pid],
      runtimes: (known?.runtimes ?? 0) + (isRuntime ? 1 : 0),
    });
  }
  return [...byFolder.values()].filter((one) => endpointId === undefined || one.endpointId === endpointId);
}

function nodeFolderOf(one: LiveProcess, nodesFolder: string): string | null {
  const texts = [one.environment['NODE_DIR'] ?? '', one.command, ...Object.values(one.environment)];
  for (const text of texts) {
    const at = text.indexOf(nodesFolder);
    if (at < 0) continue;
    const name = /^[\w.-]+/.exec(text.slice(at + nodesFolder.length))?.[0];
    if (name) return nodesFolder + name;
  }
  return null;
}

async function endpointOfFolder(folder: string): Promise<string> {
  try {
    const spec: unknown = JSON.parse(await readFile(path.join(folder, 'spec.json'), 'utf8'));
    if (typeof spec === 'object' && spec !== null && 'endpointId' in spec) return String(spec.endpointId);
  } catch {
    // A folder in the making or in removal has no spec.
  }
  return '';
}

/** The endpoints that have a node folder, running or stopped. */
export async function endpointsWithFolders(home: string): Promise<string[]> {
  const nodesFolder = path.join(home, 'nodes');
  const names = await readdir(nodesFolder).catch(() => []);
  return Promise.all(names.map((name) => endpointOfFolder(path.join(nodesFolder, name))));
}
