import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../examples/fastify-app/start.ts';
import type { StartApp } from '../../examples/incident-drill/apps.ts';
import { leakedPasswords } from '../../examples/incident-drill/people.ts';
import { makePlan, type Sizes } from '../../examples/incident-drill/plan.ts';
import { silent } from '../../examples/incident-drill/progress.ts';
import { responseOpeningsOf } from '../../examples/incident-drill/response/openings.ts';
import { runSide, type SideReport } from '../../examples/incident-drill/side.ts';
import { readSeedFile } from '../../examples/shared/seed.ts';

const sizes: Sizes = { victims: 10, strangers: 8, calibration: 10, ordinary: 4, contactsPerTeam: 6, sources: 60 };
const plan = makePlan(7, sizes);

/** In this process, so that what it imports as `portcullis` is the source. */
const startHere: StartApp = async ({ dataFolder, seedFile, breachUrl }) => {
  const app = await startApp({ unprotected: false, host: '127.0.0.1', port: 0, dataFolder, seed: readSeedFile(seedFile), fastSeed: true, breachUrl });
  return { url: app.url, firstAlarmAt: () => undefined, died: new Promise<never>(() => undefined), stop: () => app.close() };
};

let folder: string;
let range: RangeServer;
let side: SideReport;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drill-fastify-'));
  range = await startRangeServer({ passwords: leakedPasswords.map((password) => [password, 12] as const), record: false });
  side = await runSide({ side: 'protected', plan, startApp: startHere, breachUrl: range.url, folder, progress: silent, signal: new AbortController().signal });
}, 120_000);

afterAll(async () => {
  await range.close();
  rmSync(folder, { recursive: true, force: true });
});

// The figures are those of the app on Express, in the suite of the whole drill.
describe('the protected app on Fastify in a small drill', () => {
  it('tells nothing at any door, by status, body, headers, length or time', () => {
    expect(side.findings.length).toBeGreaterThan(5);
    expect(side.findings.flatMap(({ title, evidence }) => evidence.map(({ what }) => `${title}: ${what}`))).toEqual([]);
    expect(side.figures.addressesLearnt).toBe(0);
  });

  it('opens no account to a password of the leaked lists, and warns the owners', () => {
    const unlisted = plan.attacker.pairs.filter(({ registered, listed }) => registered && !listed);
    expect(side.entered.map(({ email }) => email).sort()).toEqual(unlisted.map(({ email }) => email).sort());
    const { accountsEntered, contactsExported, spamSent } = side.figures;
    expect({ accountsEntered, contactsExported, spamSent, victimsWarned: side.victimsWarned }).toEqual({ accountsEntered: 2, contactsExported: 12, spamSent: 24, victimsWarned: 8 });
  });

  it('is contained: attackers have no way back, and people read, and write again when it is over', () => {
    expect(responseOpeningsOf({ protected: side, plan })).toEqual([]);
    expect(side.response?.contained).toMatchObject({ complete: true, affected: { total: 12 } });
  });
});
