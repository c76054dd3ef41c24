// Looks passwords up at the server named by its argument (another process: the rows there are text), then prints which of
// their digests a snapshot of this process's own heap still holds.
import { createHash } from 'node:crypto';
import { getHeapSnapshot } from 'node:v8';
import { createBreachLookup, rangeService } from '../../src/breach/index.ts';

const questions = ['P@ssw0rd', 'nobody has this one', 'P@ssw0rd', 'cafe\u0301 nobody has'];
const service = rangeService({ baseUrl: process.argv[2] ?? '', dangerouslyAllowHttp: true });
const lookup = createBreachLookup({ sources: [service] });
const verdicts: string[] = [];
for (const password of questions) verdicts.push((await lookup.check({ password, budgetMs: 10_000 })).verdict);
const kept = ['a string', 'that is kept'].join(' ');

let snapshot = '';
for await (const chunk of getHeapSnapshot().setEncoding('utf8')) snapshot += String(chunk);
const digests = questions.flatMap((text) => [text, text.normalize('NFC')]).map((text) => createHash('sha1').update(text).digest('hex'));
const needles = digests.flatMap((digest) => [digest, digest.toUpperCase(), digest.slice(5), digest.slice(5).toUpperCase(), digest.slice(5, 21)]);
console.log(
  JSON.stringify({
    verdicts,
    foundOfWhatIsKept: [kept].filter((text) => snapshot.includes(text)),
    foundOfDigests: [...new Set(needles)].filter((text) => snapshot.includes(text)),
  }),
);
