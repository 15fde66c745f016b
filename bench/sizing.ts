/**
 * Prints what sizing says of every published outcome: `npm run bench:sizing`. Exits with 1 when a target is
 * missed; the published failure of another runtime is counted and shown, and does not count for that.
 */
import { fitCases, fitResult, modelResult, models, nameResult, names } from '../test/domain/sizing/published.ts';
import { GIB } from '../domain/sizing/units.ts';

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(2).padStart(7);
}

print('## fit_cases: published outcomes, margin in GiB per GPU');
print('| right | published | sized | margin | case | source |');
print('|---|---|---|---|---|---|');
const fits = fitCases.map(fitResult);
for (const { right, expected, fit, withMargin, case: name, source } of fits) {
  const sized = fit.fits ? (withMargin ? 'fits' : 'fits, thin') : fit.graphsFit ? 'does not fit' : 'graphs do not fit';
  print(
    `| ${right ? 'yes' : '**no**'} | ${expected ? 'fits' : 'fails'} | ${sized} | ${gib(fit.marginBytes)} | ${name} | ${source} |`,
  );
}

print();
print('## models: chosen tier beside the least that is published, nominal GB');
print('| model | stored | tier | GB | published GB | rungs over | context | margin |');
print('|---|---|---|---|---|---|---|---|');
const sized = models.map(modelResult);
for (const { id, stored, plan, refused, chosenGb, publishedGb, rungsOver } of sized) {
  print(
    `| ${id} | ${stored} | ${plan?.tier ?? refused} | ${chosenGb ?? '–'} | ${publishedGb} | ${rungsOver ?? '–'} | ${plan?.contextLength ?? '–'} | ${gib(plan?.marginBytesPerGpu ?? 0)} |`,
  );
}

print();
print('## names');
print('| right | name | published B | read B | off | bits | from |');
print('|---|---|---|---|---|---|---|');
const read = names.map(nameResult);
for (const { right, name, parameters, hint, off } of read) {
  print(
    `| ${right ? 'yes' : '**no**'} | ${name} | ${(parameters / 1e9).toFixed(2)} | ${hint ? (hint.parameters / 1e9).toFixed(2) : 'unknown'} | ${off === null ? '–' : `${(off * 100).toFixed(1)} %`} | ${hint?.quantization.bitsPerParameter ?? '–'} | ${hint?.from ?? '–'} |`,
  );
}

const fitsRight = fits.filter(({ right }) => right).length;
const chosenFailures = fits.filter(({ expected, withMargin }) => !expected && withMargin);
const failuresChosen = chosenFailures.filter(({ isOtherRuntime }) => !isOtherRuntime).length;
const claims = sized.filter(({ rungsOver }) => rungsOver !== null);
const tooHigh = claims.filter(({ rungsOver }) => (rungsOver ?? 0) > 1).length;
const as16Bit = sized.filter(({ stored, facts }) => stored !== 'bf16' && facts.quantization?.format === 'bf16').length;
const namesRight = read.filter(({ right }) => right).length;
print();
print('## totals');
print(
  `fit_cases ${fitsRight} of ${fits.length} right (target 24); published failures sized as fitting with margin: ${chosenFailures.length} (target 0), of which ${failuresChosen} with the runtime that the formula is about`,
);
print(
  `models ${sized.filter(({ plan }) => plan).length} of ${sized.length} planned; of ${claims.length} that claim a least, more than one rung over: ${tooHigh} (target 0); quantized sized as 16-bit: ${as16Bit} (target 0)`,
);
print(`names ${namesRight} of ${read.length} right (target all)`);
const missed = fitsRight < 24 || failuresChosen > 0 || tooHigh > 0 || as16Bit > 0 || namesRight < read.length;
process.exitCode = missed ? 1 : 0;
