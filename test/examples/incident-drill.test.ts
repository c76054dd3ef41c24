import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StartApp } from '../../examples/incident-drill/apps.ts';
import { drillJson, runDrill, type DrillResult } from '../../examples/incident-drill/drill.ts';
import type { Sizes } from '../../examples/incident-drill/plan.ts';
import { renderReport } from '../../examples/incident-drill/report/page.ts';
import { openingsOf } from '../../examples/incident-drill/second-factor/openings.ts';
import { notesOf } from '../../examples/incident-drill/report/rows.ts';
import { renderTable } from '../../examples/incident-drill/report/table.ts';
import { readSeedFile } from '../../examples/express-app/seed.ts';
import { startApp } from '../../examples/express-app/start.ts';

const sizes: Sizes = { victims: 10, strangers: 8, calibration: 10, ordinary: 4, contactsPerTeam: 6, sources: 60 };

/** The apps in this process: what a test imports as `portcullis` is the source then. */
const startHere: StartApp = async ({ side, dataFolder, seedFile, breachUrl }) => {
  const app = await startApp({ unprotected: side === 'unprotected', host: '127.0.0.1', port: 0, dataFolder, seed: readSeedFile(seedFile), fastSeed: true, breachUrl });
  const stop = async (): Promise<void> => {
    await app.close();
    if (side === 'mandatory') audit.push(...readFileSync(join(dataFolder, 'audit.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as AuditLine));
  };
  return { url: app.url, firstAlarmAt: () => undefined, died: new Promise<never>(() => undefined), stop };
};

interface AuditLine {
  readonly event: string;
  readonly details: { readonly reason?: string; readonly method?: string };
}

/** What the app of the third run has written down. */
const audit: AuditLine[] = [];
let result: DrillResult;

beforeAll(async () => {
  result = await runDrill({ seed: 7, sizes, startApp: startHere });
}, 120_000);

describe('the unprotected app in a small drill', () => {
  it('tells the attacker every registered address, at every door', () => {
    expect(result.unprotected.figures.addressesLearnt).toBe(sizes.victims);
    for (const { title, evidence } of result.unprotected.findings) expect([title, evidence.length > 0]).toEqual([title, true]);
  });

  it('lets every leaked pair in, and lists and mails out', () => {
    const { accountsEntered, contactsExported, mailsStolen, spamSent } = result.unprotected.figures;
    expect({ accountsEntered, contactsExported, spamSent }).toEqual({ accountsEntered: 10, contactsExported: 60, spamSent: 120 });
    // Three teams of six contacts each, four users to a team.
    expect(mailsStolen).toBeGreaterThan(6);
    expect(mailsStolen).toBeLessThanOrEqual(18);
  });
});

describe('the protected app in a small drill', () => {
  it('tells nothing at any door, by status, body, headers, length or time', () => {
    expect(result.protected.findings.flatMap(({ title, evidence }) => evidence.map(({ what }) => `${title}: ${what}`))).toEqual([]);
    expect(result.protected.figures.addressesLearnt).toBe(0);
  });

  it('opens no account to a password of the leaked lists, and the others to theirs', () => {
    const unlisted = result.plan.attacker.pairs.filter(({ registered, listed }) => registered && !listed);
    expect(unlisted).toHaveLength(2);
    expect(result.protected.entered.map(({ email }) => email).sort()).toEqual(unlisted.map(({ email }) => email).sort());
    const { accountsEntered, contactsExported, spamSent } = result.protected.figures;
    expect({ accountsEntered, contactsExported, spamSent }).toEqual({ accountsEntered: 2, contactsExported: 12, spamSent: 24 });
  });

  it('warns the owners of the passwords that are known', () => {
    expect(result.protected.victimsWarned).toBe(8);
    expect(result.unprotected.victimsWarned).toBe(0);
  });
});

describe('the protected app with a mandatory second factor in a small drill', () => {
  it('opens nothing to a right password that no list knows: no account, no list, no mail, no factor of the attacker', () => {
    expect(openingsOf(result)).toEqual([]);
    const { accountsEntered, contactsExported, mailsStolen, spamSent } = result.mandatory.figures;
    expect({ accountsEntered, contactsExported, mailsStolen, spamSent }).toEqual({ accountsEntered: 0, contactsExported: 0, mailsStolen: 0, spamSent: 0 });
    expect(drillJson(result).mandatory).toMatchObject({ stopped: 2, enrolledByAttacker: 0, factorsLost: 0, credentialsChanged: 0 });
  });

  it('was really attacked: codes were guessed and replayed, factors asked for, until the app heard no more', () => {
    const stages = result.mandatory.secondFactor?.thefts.map(({ stage }) => stage).sort();
    expect(stages).toEqual(['enroll-only', 'pending']);
    const pending = result.mandatory.secondFactor?.thefts.find(({ stage }) => stage === 'pending');
    expect(pending?.codesHeard).toBeGreaterThan(5);
    expect(pending?.codesSent).toBeGreaterThan(pending?.codesHeard ?? 0);
    const seen = new Set(audit.map(({ event, details: { method = '', reason = '' } }) => `${event} ${method} ${reason}`.replaceAll(/ +/g, ' ').trim()));
    for (const expected of ['factor.replayed', 'second-factor.failed totp replayed', 'second-factor.failed totp wrong-code', 'factor.enrollment-refused mailed-link-needed', 'challenge.failed unknown-token', 'password-reset.failed unknown-token']) {
      expect([...seen]).toContain(expected);
    }
    expect(audit.filter(({ event }) => event === 'factor.disabled' || event === 'factor.removed')).toEqual([]);
  });

  it('lets every owner in afterwards: with a code, and by the mailed link of a browser that it knows', () => {
    expect(result.plan.owners.map(({ way }) => way)).toEqual(['code', 'mailbox']);
    expect(result.mandatory.secondFactor?.homeComings.map(({ isIn, factorsAreWhole }) => [isIn, factorsAreWhole])).toEqual([[true, true], [true, true]]);
  });

  it('tells the owners while it happens, and does not fill their mailboxes', () => {
    const mails = result.mandatory.secondFactor?.mails ?? [];
    const countOf = (kind: string): number => mails.filter((mail) => mail.kind === kind).length;
    expect(new Set(mails.map(({ to }) => to)).size).toBe(2);
    expect([countOf('challenge'), countOf('reset-password')]).toEqual([5, 2]);
    // Whether a second sign-in gets as far as its last code depends on the machine; a third mail a day is never sent.
    expect([1, 2]).toContain(countOf('second-factor-failed'));
  });
});

describe('ordinary users in a small drill', () => {
  it('sign in five times each, or are counted as turned away', () => {
    const visits = 5 * sizes.ordinary;
    expect(result.unprotected.figures).toMatchObject({ ordinaryLogins: visits, ordinaryRefused: 0 });
    // A machine with too much to do makes the hasher's gate turn people away: how many depends on the machine.
    const { ordinaryLogins, ordinaryRefused } = result.protected.figures;
    expect(ordinaryLogins).toBeGreaterThan(visits / 2);
    expect(ordinaryLogins + ordinaryRefused).toBeGreaterThanOrEqual(visits);
  });

  it('are heard in every run, and nobody raises an alarm', () => {
    for (const { figures } of [result.unprotected, result.protected, result.mandatory]) {
      expect(figures.ordinaryP99Ms).toBeGreaterThan(0);
      expect(figures.firstAlarmMs).toBeNull();
    }
  });
});

describe('what a drill writes', () => {
  it('is one JSON object with the same nine figures for both apps, and those of the second factor', () => {
    const json = drillJson(result);
    expect(Object.keys(json)).toEqual(['seed', 'durationMs', 'unprotected', 'protected', 'mandatory']);
    expect(json).toMatchObject({ seed: 7, durationMs: result.durationMs });
    const names = ['addressesLearnt', 'accountsEntered', 'mailsStolen', 'contactsExported', 'spamSent', 'firstAlarmMs', 'ordinaryLogins', 'ordinaryRefused', 'ordinaryP99Ms'];
    const ownNames = ['stopped', 'codesSent', 'enrolledByAttacker', 'factorsLost', 'credentialsChanged', 'ownersBack', 'ownersTold', 'mailsToOwners'];
    for (const [figures, expected] of [[json.unprotected, names], [json.protected, names], [json.mandatory, [...names.slice(1), ...ownNames]]] as const) {
      expect(Object.keys(figures)).toEqual(expected);
      for (const [name, value] of Object.entries(figures)) expect([name, value === null || Number.isInteger(value)]).toEqual([name, true]);
    }
  });

  it('is a table that says what is not built yet', () => {
    const table = renderTable(result);
    expect(table).toMatch(/registered addresses learnt, of 10 +10 +0 +-\n/);
    expect(table).toMatch(/accounts entered, of 10 +10 +2 +0\n/);
    expect(table).toMatch(/first alarm +none +none +none\n/);
    expect(notesOf(result).join('\n')).toContain('2 accounts of the protected app were entered with leaked passwords that no list knows.');
    expect(table).toMatch(/owners back in with their factor, of 2 +- +- +2\n/);
    expect(notesOf(result).join('\n')).toContain('No alarm in any run: there is no monitor yet, and a refusal is not an alarm.');
  });

  it('is a page that needs no network and no script', () => {
    const page = renderReport(result);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|https?:\/\/(?!www\.w3\.org)/);
    expect(page.match(/<svg/g)?.length).toBeGreaterThan(10);
    expect(page).toContain("default-src 'none'");
  });
});
