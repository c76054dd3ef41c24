import { appendFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { createKeyRing, type SecurityEvent } from 'portcullis';
import { auditWhatIf, createAuditLog, type AuditEntry, type AuditLogOptions, type AuditWhatIfOptions, type AuditWhatIfResult } from 'portcullis/audit';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { freshLog, openSink, write } from './file-support.ts';
import { keys } from './support.ts';

const startMs = Date.UTC(2026, 0, 1);
const secondMs = 1_000;
const dayMs = 86_400_000;

type Step = SecurityEvent | { readonly afterMs: number };

/** Writes events in this order, with pauses. */
async function record(path: string, steps: readonly Step[], options: Partial<AuditLogOptions> = {}): Promise<void> {
  const clock = fakeClock(startMs);
  const entries: AuditEntry[] = [];
  const log = createAuditLog({ keys, sinks: [(entry: AuditEntry) => void entries.push(entry)], clock, ...options });
  for (const step of steps) {
    if ('afterMs' in step) clock.setWallMs(clock.nowMs() + step.afterMs);
    else log.emit(step);
  }
  await clock.advance(10);
  const sink = openSink(path, { maxBytes: 1 << 20, maxFiles: 100 });
  for (const entry of entries) await sink.write(entry);
  await sink.close();
}

async function asked(steps: readonly Step[], more: Partial<AuditWhatIfOptions> = {}, log: Partial<AuditLogOptions> = {}): Promise<AuditWhatIfResult> {
  const path = freshLog();
  await record(path, steps, log);
  return auditWhatIf({ keys, path, ...more });
}

/** A person at an address. The log knows a name by its digest. */
interface Person {
  readonly nameTag: string;
  readonly address: string;
  readonly accountId?: string;
}

const person = (name: string, address = '192.0.2.1'): Person => ({ nameTag: `tag-${name}`, address, accountId: name });
const nobody = (name: string, address = '203.0.113.9'): Person => ({ nameTag: `tag-${name}`, address });
const limited = ({ nameTag, address }: Person, { limiter = 'sign-in', rule = 'address', enforced = false } = {}): SecurityEvent => ({ type: 'limiter.refused', limiter, rule, enforced, retryAfterMs: 1_000, nameTag, address });
const judged = (who: Person, verdict: 'step-up' | 'refuse', reasons: readonly string[] = ['source'], enforced = false): SecurityEvent => ({ type: 'login-guard.decided', verdict, reasons, enforced, ...who });
const failed = (who: Person, reason: 'wrong-password' | 'unknown-account' = 'wrong-password'): SecurityEvent => ({ type: 'sign-in.failed', reason, knownDevice: false, ...who });
const entered = (who: Partial<Person>): SecurityEvent => ({ type: 'sign-in.succeeded', pathway: 'password', proofs: ['password'], stage: 'full', knownDevice: false, ...who });
const pending = (who: Person, needs: 'second-factor' | 'mailed-link' = 'second-factor'): SecurityEvent => ({ type: 'sign-in.pending', pathway: 'password', needs, ...who });
/** The second step names the account alone, and may come from elsewhere. */
const finished = ({ accountId, address }: Person): SecurityEvent => entered({ accountId: accountId ?? '', address });

const counts = { attempts: 0, entered: 0, askedAnyway: 0, unfinished: 0, failed: 0, unknown: 0 };
const ann = person('ann');
const bob = person('bob', '192.0.2.2');

// ASVS 5.0 16.2.1, 16.3.3
describe('what guards in observe mode would have done', () => {
  it('says of each attempt what came of it', async () => {
    const found = await asked([
      entered(ann),
      limited(nobody('x')), failed(nobody('x'), 'unknown-account'),
      judged(ann, 'step-up'), entered(ann),
      judged(bob, 'step-up', ['account', 'surge']), pending(bob), { afterMs: 60_000 }, finished({ ...bob, address: '198.51.100.1' }),
      judged(bob, 'step-up'), pending(bob, 'mailed-link'), { afterMs: 20 * 60_000 }, finished(bob),
      judged(ann, 'refuse'), { afterMs: 60_000 }, failed(ann),
      failed(bob),
    ]);
    expect(found).toMatchObject({
      signIns: { attempts: 9, entered: 3, askedAnyway: 1, unfinished: 1, failed: 3, unknown: 1 },
      refuse: { ...counts, attempts: 2, failed: 1, unknown: 1 },
      stepUp: { ...counts, attempts: 3, entered: 1, askedAnyway: 1, unfinished: 1 },
      enteredCount: 2,
      entered: [
        { account: 'ann', network: '192.0.2.0/24', verdict: 'step-up', because: ['source'], askedAnyway: false },
        { account: 'bob', verdict: 'step-up', because: ['account', 'surge'], askedAnyway: true },
      ],
      accounts: { count: 3 },
      networks: { count: 3 },
    });
  });

  it('counts an attempt once, by the worst that would have befallen it, and at each of its reasons', async () => {
    const found = await asked([limited(ann, { rule: 'account' }), judged(ann, 'step-up', ['source', 'account']), entered(ann)]);
    expect(found).toMatchObject({ signIns: { attempts: 1 }, refuse: { attempts: 1, entered: 1 }, stepUp: counts, entered: [{ verdict: 'refuse', because: ['sign-in/account', 'source', 'account'] }] });
    expect(found.rules.map(({ guard, limiter, reason, verdict, observed, signIns }) => [guard, limiter, reason, verdict, observed, signIns.entered])).toEqual([
      ['limiter', 'sign-in', 'account', 'refuse', 1, 1], ['login-guard', undefined, 'source', 'step-up', 1, 1], ['login-guard', undefined, 'account', 'step-up', 1, 1],
    ]);
  });

  it('keeps what was carried out, and the limits of other doors, apart', async () => {
    const found = await asked([
      limited(ann, { enforced: true }), judged(ann, 'step-up', ['source'], true), pending(ann), finished(ann),
      limited(bob, { limiter: 'sign-up' }), limited(bob, { limiter: 'mail', rule: 'account' }), { type: 'password-reset.requested', outcome: 'mailed', ...bob },
    ]);
    expect(found).toMatchObject({ signIns: { attempts: 1, askedAnyway: 1 }, refuse: counts, stepUp: counts, enteredCount: 0, networks: { count: 0, top: [] } });
    expect(found.rules.map(({ limiter = '-', reason, observed, enforced, signIns }) => [limiter, reason, observed, enforced, signIns.attempts])).toEqual([
      ['sign-in', 'address', 0, 1, 0], ['-', 'source', 0, 1, 0], ['sign-up', 'address', 1, 0, 0], ['mail', 'account', 1, 0, 0],
    ]);
  });

  it('takes what the login guard would have refused at another form for no attempt to sign in', async () => {
    const found = await asked([{ ...judged(bob, 'refuse'), flow: 'forgot-password' } as SecurityEvent, { type: 'password-reset.requested', outcome: 'mailed', ...bob }, entered(bob)]);
    expect(found).toMatchObject({ signIns: { attempts: 1, entered: 1 }, refuse: counts, enteredCount: 0 });
    expect(found.rules).toMatchObject([{ guard: 'login-guard', reason: 'source', verdict: 'refuse', observed: 1, signIns: counts }]);
  });

  it('tells the owner of an account from a stranger at it: the second step of one is not that of the other', async () => {
    const thief = { ...ann, address: '203.0.113.9' };
    const found = await asked([judged(thief, 'step-up'), pending(thief), pending(ann), finished(ann), entered(ann)]);
    expect(found).toMatchObject({ signIns: { attempts: 3, entered: 1, askedAnyway: 1, unfinished: 1 }, stepUp: { attempts: 1, unfinished: 1 }, entered: [] });
  });

  it('has right sums for fifty attempts at once on one account from one address', async () => {
    const fifty = Array.from({ length: 50 });
    const found = await asked([...fifty.map(() => limited(ann)), ...fifty.map(() => judged(ann, 'refuse')), ...fifty.map((_, at) => (at === 30 ? entered(ann) : failed(ann)))]);
    expect(found).toMatchObject({ signIns: { ...counts, attempts: 50, entered: 1, failed: 49 }, refuse: { ...counts, attempts: 50, entered: 1, failed: 49 }, networks: { count: 1, top: [{ refuse: 50, accounts: 1 }] } });
  });

  it('says when, by the day, and only of the time that was asked for', async () => {
    const days = [judged(ann, 'step-up'), entered(ann), { afterMs: dayMs }, failed(bob), limited(bob), failed(bob), { afterMs: dayMs }, entered(bob)];
    const path = freshLog();
    await record(path, days);
    const told = ({ days: all }: AuditWhatIfResult): unknown => all.map(({ day, signIns, refuse, stepUp }) => [day, signIns.attempts, refuse.attempts, stepUp.entered]);
    expect(told(await auditWhatIf({ keys, path }))).toEqual([['2026-01-01', 1, 0, 1], ['2026-01-02', 2, 1, 0], ['2026-01-03', 1, 0, 0]]);
    const found = await auditWhatIf({ keys, path, fromMs: startMs + dayMs, toMs: startMs + 2 * dayMs });
    expect(told(found)).toEqual([['2026-01-02', 2, 1, 0]]);
    expect([found.firstTime, found.lastTime]).toEqual(['2026-01-02T00:00:00.000Z', '2026-01-02T00:00:00.000Z']);
  });

  it('knows a network by all that comes from it, and tells two of one /24 apart without their addresses', async () => {
    const thief = { ...ann, address: '203.0.113.9' };
    const found = await asked([
      ...Array.from({ length: 12 }, (_, at) => failed(nobody(`n${at}`), 'unknown-account')),
      judged(thief, 'step-up'), entered(thief), judged(person('cleo', '203.0.113.10'), 'step-up'), entered(person('cleo', '203.0.113.10')),
      judged(person('dora', '2001:db8:1:2:3::4'), 'step-up'), entered(person('dora', '2001:db8:1:2:ffff::1')),
    ]);
    expect(found.networks.top).toMatchObject([{ network: '203.0.113.0/24', stepUp: 1, all: { failed: 12, entered: 1 } }, { network: '2001:db8:1::/48', entered: 1 }, { network: '203.0.113.0/24', all: { entered: 1 } }]);
    expect(new Set(found.networks.top.map(({ networkTag }) => networkTag)).size).toBe(3);
    expect(found.entered.map(({ networkFailed, networkEntered }) => [networkFailed, networkEntered])).toEqual([[12, 1], [0, 1], [0, 1]]);
    expect(JSON.stringify(found)).not.toMatch(/203\.0\.113\.(9|10)\b|2001:db8:1:2/);
  });

  it('shows networks in full only to whoever says why, and reports how many it showed before it shows them', async () => {
    const events: SecurityEvent[] = [];
    const steps = [judged(ann, 'step-up'), entered(ann), judged(bob, 'step-up'), entered(bob), limited(nobody('x', '2001:db8:1:2::9')), failed(nobody('x', '2001:db8:1:2::9'))];
    const found = await asked(steps, { reveal: { by: 'operator-7', reason: 'before we enforce', emit: (event) => void events.push(event) } });
    expect(found.networks.top.map(({ network }) => network).sort()).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8:1:2::/64']);
    expect(events).toEqual([{ type: 'audit.revealed', by: 'operator-7', reason: 'before we enforce', count: 3 }]);
    await expect(asked(steps, { reveal: { by: 'operator-7', reason: 'x', emit: () => { throw new Error('the log is gone'); } } })).rejects.toThrow('the log is gone');
  });

  it('works on a log with masked addresses, and on one whose keys are gone', async () => {
    const steps = [limited(ann), failed(ann), judged(ann, 'refuse'), entered(ann)];
    expect(await asked(steps, {}, { addresses: 'masked' })).toMatchObject({ refuse: { attempts: 2, entered: 1, failed: 1 }, networks: { count: 1, top: [{ network: '192.0.2.0/24' }] } });
    const others = createKeyRing({ keys: [{ id: 'other', secret: Buffer.from('another key of thirty-two bytes!') }] });
    expect(await asked(steps, {}, { keys: others })).toMatchObject({ refuse: { attempts: 2, entered: 1, failed: 1 }, networks: { count: 0 }, sealed: 4 });
  });

  it('counts names that are none, and passes over the app\'s own challenge', async () => {
    const found = await asked([
      { type: 'limiter.refused', limiter: 'sign-in', rule: 'address', enforced: false, retryAfterMs: 1, address: '203.0.113.9' }, { type: 'request.malformed', flow: 'sign-in', address: '203.0.113.9' },
      { type: 'request.malformed', flow: 'sign-up', address: '203.0.113.9' },
      { type: 'sign-in.failed', reason: 'challenge-refused', address: '203.0.113.9' },
    ]);
    expect(found).toMatchObject({ signIns: { ...counts, attempts: 1, failed: 1 }, refuse: { ...counts, attempts: 1, failed: 1 }, accounts: { count: 0 }, networks: { count: 1 } });
  });

  it('answers nothing of an empty log', async () => {
    const path = freshLog();
    writeFileSync(path, '');
    expect(await auditWhatIf({ keys, path })).toEqual({
      signIns: counts, refuse: counts, stepUp: counts, rules: [], days: [], entered: [], enteredCount: 0, unreadable: 0, sealed: 0, files: [path],
      networks: { count: 0, atLeast: false, approximate: false, top: [] }, accounts: { count: 0, atLeast: false, approximate: false, top: [] },
    });
  });
});

/** A line as anybody might write it. */
function line(event: string, more: object = {}, atMs = startMs): string {
  return `${JSON.stringify({ time: new Date(atMs).toISOString(), id: 'x', event, owasp: 'x', level: 'warn', outcome: 'failure', details: {}, ...more })}\n`;
}

describe('a log that anybody may have written', () => {
  it('counts lines that are no entries, and decisions that are none', async () => {
    const path = freshLog();
    await record(path, [limited(ann), failed(ann)]);
    const wrong = [
      'no json\n', '[]\n', 'null\n', '\n', `"${'x'.repeat(200_000)}"\n`, line('limiter.refused'), line('limiter.refused', { details: { limiter: 1, rule: 'x', enforced: false } }),
      line('login-guard.decided', { details: { verdict: 'hang', reasons: ['x'], enforced: false } }), line('login-guard.decided', { details: { verdict: 'refuse', reasons: [], enforced: false } }),
      line('login-guard.decided', { details: { verdict: 'refuse', reasons: 'source', enforced: false } }), line('login-guard.decided', { details: { verdict: 'refuse', reasons: ['source'], enforced: 'false' } }),
      '{"time":"2026-01-01T00:00',
    ];
    appendFileSync(path, wrong.join(''));
    expect(await auditWhatIf({ keys, path })).toMatchObject({ unreadable: wrong.length, signIns: { attempts: 1 }, refuse: { attempts: 1, failed: 1 }, rules: [{ reason: 'address' }] });
  });

  it('makes texts safe, takes no name for a member of an object, and counts what is beyond its bounds together', async () => {
    const path = freshLog();
    const evil = '\u001b[2J\u202Eevil';
    const rows = ['__proto__', 'constructor', evil, ...Array.from({ length: 1_000 }, (_, at) => `rule-${at}`)];
    writeFileSync(path, rows.map((rule, at) => line('limiter.refused', { account: rule, address: at % 2 === 0 ? rule : `192.0.2.${at % 7}/${rule}`, details: { limiter: 'sign-in', rule, enforced: false } }, startMs + at * dayMs * 5)).join(''));
    const found = await auditWhatIf({ keys, path, maxTop: 1_000 });
    expect(found).toMatchObject({ refuse: { attempts: 1_003, unknown: 1_003 }, accounts: { count: 1_003 }, networks: { count: 501 } });
    expect(found.rules.length).toBeLessThanOrEqual(202);
    expect(found.rules.reduce((sum, { observed }) => sum + observed, 0)).toBe(1_003);
    expect(JSON.stringify(found)).not.toMatch(/[\p{Cc}\p{Cf}]|\\u001b/u);
  });

  it('keeps the busiest of more networks and accounts than it has room for, and says so', async () => {
    const path = freshLog();
    const from = (at: number): string => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
    const attempt = (at: number, who: string): string => {
      const about = { account: who, nameTag: who, address: from(at) };
      return line('limiter.refused', { ...about, details: { limiter: 'sign-in', rule: 'address', enforced: false } }) + line('sign-in.failed', { ...about, details: { reason: 'wrong-password' } });
    };
    for (let part = 0; part < 11; part += 1) {
      appendFileSync(path, attempt(200_000, 'busy').repeat(3) + Array.from({ length: 10_000 }, (_, at) => attempt(part * 10_000 + at, `a${part * 10_000 + at}`)).join(''));
    }
    const found = await auditWhatIf({ keys, path, maxTop: 1 });
    expect(found).toMatchObject({
      refuse: { attempts: 110_033, failed: 110_033 },
      networks: { count: 100_000, atLeast: true, approximate: true, top: [{ refuse: 33, all: { attempts: 33 } }] },
      accounts: { count: 100_000, atLeast: true, approximate: true, top: [{ account: 'busy', refuse: 33 }] },
    });
  }, 120_000);

  it('bounds what waits for its end: a flood of decisions, of one name or of many, and of pending sign-ins', async () => {
    const path = freshLog();
    const decided = (who: string): string => line('login-guard.decided', { nameTag: who, account: who, details: { verdict: 'refuse', reasons: ['source'], enforced: false } });
    appendFileSync(path, decided('one').repeat(2_000) + Array.from({ length: 60_000 }, (_, at) => decided(`n${at}`)).join(''));
    appendFileSync(path, Array.from({ length: 60_000 }, (_, at) => line('sign-in.pending', { account: `p${at}`, nameTag: `p${at}`, details: { pathway: 'password', needs: 'second-factor' } })).join(''));
    expect(await auditWhatIf({ keys, path })).toMatchObject({ signIns: { attempts: 122_000, unknown: 62_000, unfinished: 60_000 }, refuse: { attempts: 62_000, unknown: 62_000 } });
  }, 120_000);

  it('loses no attempt and counts none twice, in whatever order the entries come', async () => {
    const who = fc.constantFrom(ann, bob, { ...ann, address: '203.0.113.9' });
    const decision = fc.oneof(who.map((each) => limited(each)), who.map((each) => judged(each, 'step-up')), who.map((each) => judged(each, 'refuse')));
    const end = fc.oneof(who.map((each) => failed(each)), who.map(entered), who.map((each) => pending(each)), who.map(finished));
    const steps = fc.array(fc.oneof(decision, end, fc.integer({ min: -40, max: 40 }).map((seconds) => ({ afterMs: seconds * secondMs }))), { maxLength: 30 });
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      const found = await asked(all);
      const sum = ({ attempts: _attempts, ...rest }: AuditWhatIfResult['signIns']): number => Object.values(rest).reduce((total, each) => total + each, 0);
      for (const each of [found.signIns, found.refuse, found.stepUp, ...found.rules.map(({ signIns }) => signIns)]) expect(sum(each)).toBe(each.attempts);
      const observed = all.filter((step) => 'type' in step && 'enforced' in step).length;
      expect(found.rules.reduce((total, rule) => total + rule.observed, 0)).toBe(observed);
      // Every decision is counted at an attempt that has ended, or is not known to have.
      expect(found.rules.reduce((total, { signIns }) => total + signIns.attempts, 0)).toBe(observed);
      const ends = all.filter((step) => 'type' in step && ['sign-in.failed', 'sign-in.succeeded', 'sign-in.pending'].includes(step.type)).length;
      expect(found.signIns.attempts - found.signIns.unknown + found.signIns.askedAnyway).toBeLessThanOrEqual(ends);
      expect(found.days.reduce((total, { signIns }) => total + signIns.attempts, 0)).toBe(found.signIns.attempts);
    }), { numRuns: 60 });
  });
});

describe('the options of a what-if', () => {
  it.each<[object, string]>([
    [{ path: undefined }, 'auditWhatIf: expected path or paths'],
    [{ keys: {} }, 'auditWhatIf.keys'],
    [{ maxTop: 0 }, 'auditWhatIf.maxTop'],
    [{ maxEntries: 1e9 }, 'auditWhatIf.maxEntries'],
    [{ fromMs: '2026' }, 'auditWhatIf.fromMs'],
    [{ reveal: { by: 'x', reason: 'y' } }, 'auditWhatIf.reveal.emit'],
    [{ mode: 'x' }, 'auditWhatIf.mode'],
  ])('refuses %o', async (more, message) => {
    const path = freshLog();
    await write(path, 1);
    await expect(auditWhatIf({ keys, path, ...more })).rejects.toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as unknown }));
  });

  it('rejects for a named file that is not there, and says of a log without files that it has none', async () => {
    await expect(auditWhatIf({ keys, paths: [`${freshLog()}.gone`] })).rejects.toThrow('ENOENT');
    expect(await auditWhatIf({ keys, path: freshLog() })).toMatchObject({ files: [] });
  });
});
