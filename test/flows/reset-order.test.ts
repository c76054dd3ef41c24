import { describe, expect, it } from 'vitest';
import { memoryStore, type Mail } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { facts, goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';

const email = 'ada@example.com';
const minute = 60_000;
const newPassword = 'lanterns along a frozen canal';
const wide = { account: { limit: 1_000, windowMs: minute }, address: { limit: 1_000, windowMs: minute } };

async function peopledKit(options: Parameters<typeof makeKit>[0] = {}): Promise<Kit> {
  const kit = makeKit({ limits: { mail: wide, code: wide }, ...options });
  await kit.plant({ email, password: goodPassword });
  return kit;
}

type ResetMail = Extract<Mail, { kind: 'reset-password' }>;

/** Asks for so many mails, with some time between them. */
async function mailed(kit: Kit, times: number, gapMs = 1_000): Promise<readonly (ResetMail & { readonly token: string })[]> {
  kit.mails.length = 0;
  for (let turn = 0; turn < times; turn += 1) {
    if (turn > 0) await kit.clock.advance(gapMs);
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts }));
    await kit.settle();
  }
  return kit.mails.filter((mail) => mail.kind === 'reset-password').map((mail) => ({ ...mail, token: mail.link.split('#token=')[1] ?? '' }));
}

function redeem(kit: Kit, proof: { readonly token?: unknown; readonly identifier?: unknown; readonly code?: unknown }, password = newPassword) {
  return kit.value(kit.portcullis.passwordReset.redeem({ ...proof, password, facts }));
}

const done = { outcome: 'reset' };
const refused = { outcome: 'answered', reply: { status: 400 } };

// ASVS 5.0 6.5.1, 6.6.2
describe('two mails of one minute, which may arrive in the other order', () => {
  it.each([[0, 1], [1, 0]])('open the account both, the one that was made as number %i first, and none after it', async (first, second) => {
    const kit = await peopledKit();
    const mails = await mailed(kit, 2);
    expect(await redeem(kit, { token: mails[first]?.token })).toMatchObject(done);
    expect(await redeem(kit, { token: mails[second]?.token }, otherPassword)).toMatchObject(refused);
    expect(await redeem(kit, { identifier: email, code: mails[second]?.code }, otherPassword)).toMatchObject(refused);
  });

  it.each([0, 1])('open it by their codes as well (number %i)', async (at) => {
    const kit = await peopledKit();
    const mails = await mailed(kit, 2);
    expect(await redeem(kit, { identifier: email, code: mails[at]?.code })).toMatchObject(done);
  });

  it('open it once, also where fifty requests bring both at the same moment', async () => {
    const kit = await peopledKit();
    const mails = await mailed(kit, 2);
    const asked = Array.from({ length: 50 }, (_, turn) => kit.portcullis.passwordReset.redeem({ token: mails[turn % 2]?.token, password: `${newPassword} ${turn}`, facts }));
    const results = await kit.value(Promise.all(asked));
    expect(results.filter(({ outcome }) => outcome === 'reset')).toHaveLength(1);
    expect(kit.table.calls.filter((call) => call === 'replacePasswordHash')).toHaveLength(1);
  });

  it('are both good where they were made at the very same moment', async () => {
    const kit = await peopledKit();
    await kit.value(Promise.all([1, 2].map(() => kit.portcullis.passwordReset.request({ identifier: email, facts }))));
    await kit.settle();
    const [older, newer] = kit.mails.map((mail) => ('link' in mail ? mail.link.split('#token=')[1] : ''));
    expect(older).not.toBe(newer);
    const wrongOnes = await Promise.all([older, newer].map((token) => redeem(kit, { token }, 'short')));
    expect(wrongOnes).toMatchObject([{ reply: { status: 422 } }, { reply: { status: 422 } }]);
    expect(await redeem(kit, { token: older })).toMatchObject(done);
  });

  it('come back both where the step that one was spent for has failed', async () => {
    const kit = await peopledKit();
    const mails = await mailed(kit, 2);
    kit.table.trouble = { verb: 'replacePasswordHash', kind: 'fail' };
    expect(await redeem(kit, { token: mails[0]?.token })).toMatchObject({ reply: { status: 503 } });
    kit.table.trouble = undefined;
    expect(await redeem(kit, { token: mails[1]?.token })).toMatchObject(done);
  });

  it('end both with the password, and with the sessions of the account that an operator ends', async () => {
    for (const end of ['password', 'operator'] as const) {
      const kit = await peopledKit();
      const mails = await mailed(kit, 2);
      if (end === 'operator') await kit.portcullis.epochs.revokeUser({ accountId: 'user-1', by: 'operator-1' });
      else kit.table.rows.set('user-1', { ...rowOf(kit), passwordHash: (await kit.value(kit.portcullis.hasher.hash(otherPassword))) });
      for (const { token } of mails) expect(await redeem(kit, { token })).toMatchObject(refused);
    }
  });
});

describe('a link to a new password', () => {
  it('is over where a newer one was mailed a minute later', async () => {
    const kit = await peopledKit();
    const mails = await mailed(kit, 2, minute);
    expect(await redeem(kit, { token: mails[0]?.token })).toMatchObject(refused);
    expect(await redeem(kit, { identifier: email, code: mails[0]?.code })).toMatchObject(refused);
    expect(await redeem(kit, { token: mails[1]?.token })).toMatchObject(done);
  });

  it('is not kept alive by mails that others cause', async () => {
    const kit = await peopledKit();
    const mails = await mailed(kit, 4, minute / 2);
    expect(await redeem(kit, { token: mails[0]?.token })).toMatchObject(refused);
    expect(await redeem(kit, { token: mails[1]?.token })).toMatchObject(refused);
    expect(await redeem(kit, { token: mails[2]?.token })).toMatchObject(done);
  });

  it('lives for its own thirty minutes, and not for those of the one after it', async () => {
    const kit = await peopledKit();
    const mails = await mailed(kit, 2, minute / 2);
    await kit.clock.advance(30 * minute - minute / 4);
    expect(await redeem(kit, { token: mails[0]?.token })).toMatchObject(refused);
    expect(await redeem(kit, { identifier: email, code: mails[0]?.code })).toMatchObject(refused);
    expect(await redeem(kit, { token: mails[1]?.token })).toMatchObject(done);
  });

  it('that seems to come from the future, since the clock was set back, is over with the next', async () => {
    const kit = await peopledKit();
    const [first] = await mailed(kit, 1);
    kit.clock.setWallMs(kit.clock.nowMs() - 24 * 60 * minute);
    const [second] = await mailed(kit, 1);
    expect(await redeem(kit, { token: first?.token })).toMatchObject(refused);
    expect(await redeem(kit, { token: second?.token })).toMatchObject(done);
  });

  it('shares its record with few, however many are asked for', async () => {
    const records = memoryStore({ clock: fakeClock() });
    let longest = 0;
    const kit = await peopledKit({
      records: {
        ...records,
        compareAndSet(change) {
          if (change.key.startsWith('reset:')) longest = Math.max(longest, change.value?.length ?? 0);
          return records.compareAndSet(change);
        },
      },
    });
    const mails = await mailed(kit, 40, 100);
    expect(longest).toBeLessThan(4_000);
    expect(await redeem(kit, { token: mails[0]?.token })).toMatchObject(refused);
    expect(await redeem(kit, { token: mails[38]?.token })).toMatchObject(done);
  });
});

function rowOf(kit: Kit) {
  const row = kit.table.rows.get('user-1');
  if (row === undefined) throw new Error('no account');
  return row;
}
