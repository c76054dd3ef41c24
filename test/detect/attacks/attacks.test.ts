import { describe, expect, it } from 'vitest';
import { openBrowser, person, tokenOf } from '../../support/person.ts';
import { attacker, goodPassword, hourMs, makeScene, minuteMs, nobody, otherPassword, usual, victims, type Scene } from './support.ts';

/** Limits and guard look on, so that what an attack does is seen to the end. */
const unguarded = { limits: { mode: 'observe' }, loginGuard: { mode: 'observe' } } as const;

async function ask(scene: Scene, what: 'signUp' | 'passwordReset', identifier: string, address = attacker): Promise<void> {
  const { kit } = scene;
  const facts = openBrowser(address).facts();
  await kit.value(what === 'signUp' ? kit.portcullis.signUp.request({ identifier, password: goodPassword, profile: {}, facts }) : kit.portcullis.passwordReset.request({ identifier, facts }));
}

// OWASP OAT-007
describe('enumeration', () => {
  it('at sign-up is seen by the tenth name, and who signs in from there belongs to it', async () => {
    const scene = makeScene({ loginGuard: { mode: 'observe' } });
    const [victim] = await victims(scene, 1);
    for (let number = 0; number < 12; number += 1) await ask(scene, 'signUp', nobody(number));
    expect(scene.kinds()).toEqual(['signup-enumeration']);
    await scene.attempt('victim0@example.com', goodPassword);
    expect(scene.entered('signup-enumeration')).toEqual([victim?.id]);
  });

  it('at the form for a new password is seen by the tenth name', async () => {
    const scene = makeScene({ loginGuard: { mode: 'observe' } });
    const [victim] = await victims(scene, 1);
    for (let number = 0; number < 12; number += 1) await ask(scene, 'passwordReset', nobody(number));
    await scene.kit.settle();
    expect(scene.kinds()).toEqual(['forgot-enumeration']);
    await scene.attempt('victim0@example.com', goodPassword);
    expect(scene.entered('forgot-enumeration')).toEqual([victim?.id]);
  });

  it('at sign-in is seen by the tenth name, and is none of stuffing where nobody has them', async () => {
    const scene = makeScene(unguarded);
    const [victim] = await victims(scene, 1);
    for (let number = 0; number < 12; number += 1) await scene.attempt(nobody(number), `${otherPassword} ${number}`);
    expect(scene.kinds()).toEqual(['login-enumeration']);
    await scene.attempt('victim0@example.com', goodPassword);
    expect(scene.entered('login-enumeration')).toEqual([victim?.id]);
  });
});

// OWASP OAT-008
describe('pairs from a leak', () => {
  it('from one network are stuffing, and the pair that was right belongs to it', async () => {
    const scene = makeScene(unguarded);
    const made = await victims(scene, 12);
    for (const [number, { email }] of made.entries()) await scene.attempt(email, number === 6 ? goodPassword : `${otherPassword} ${number}`);
    expect(scene.kinds()).toContain('stuffing');
    expect(scene.alarm('stuffing')?.cause).toBe(attacker);
    expect(scene.entered('stuffing')).toEqual([made[6]?.id]);
  });

  it('that are all right are several accounts entered from one source', async () => {
    const scene = makeScene();
    const made = await victims(scene, 16);
    for (const { email } of made) {
      await scene.attempt(email, goodPassword);
      await scene.kit.clock.advance(10 * minuteMs);
    }
    expect(scene.kinds()).toEqual(['many-accounts']);
    expect(scene.entered('many-accounts')).toEqual(made.map(({ id }) => id));
  });

  it('whose passwords are known to be leaked are told as such, with who came in from there', async () => {
    const scene = makeScene();
    const made = await victims(scene, 8);
    scene.kit.leaks.set(goodPassword, { verdict: 'breached', count: 3 });
    for (const { email } of made) {
      await scene.attempt(email, goodPassword);
      await scene.kit.clock.advance(minuteMs);
    }
    expect(scene.kinds()).toEqual(['leaked-passwords']);
    await scene.kit.plant({ email: 'entered@example.com', password: 'seven kettles on a northern pier' });
    await scene.attempt('entered@example.com', 'seven kettles on a northern pier');
    expect(scene.entered('leaked-passwords')).toEqual(['user-9']);
  });

  it('from a network of its own each are a surge, with the strangers who came in around it', async () => {
    const scene = makeScene({ loginGuard: { mode: 'observe' } });
    const [first, second] = await victims(scene, 2);
    usual(scene);
    await scene.attempt(first?.email ?? '', goodPassword, '203.0.113.200');
    for (let number = 0; number < 25; number += 1) {
      await scene.attempt(nobody(number), `${otherPassword} ${number}`, `203.0.113.${number}`);
      scene.kit.clock.setWallMs(scene.kit.clock.nowMs() + minuteMs);
    }
    expect(scene.kinds()).toEqual(['slow-stuffing']);
    await scene.attempt(second?.email ?? '', goodPassword, '203.0.113.201');
    expect(new Set(scene.entered('slow-stuffing'))).toEqual(new Set([first?.id, second?.id]));
    expect(scene.alarm('slow-stuffing')?.count).toBeGreaterThan(1);
  });
});

// OWASP OAT-007
describe('guessing', () => {
  it('one password at many names is spraying, with who was entered by it', async () => {
    const scene = makeScene(unguarded);
    const made = await victims(scene, 1);
    for (let number = 0; number < 12; number += 1) await scene.attempt(nobody(number), goodPassword, `203.0.113.${number}`);
    await scene.attempt(made[0]?.email ?? '', goodPassword, '203.0.113.99');
    expect(scene.kinds()).toContain('spraying');
    expect(scene.entered('spraying')).toEqual([made[0]?.id]);
  });

  it('at one account is brute force, from wherever it comes, with the stranger who came in', async () => {
    const scene = makeScene(unguarded);
    const [victim] = await victims(scene, 1);
    for (let number = 0; number < 12; number += 1) await scene.attempt(victim?.email ?? '', `${otherPassword} ${number}`, `203.0.113.${number}`);
    await scene.attempt(victim?.email ?? '', goodPassword, '203.0.113.99');
    expect(scene.kinds()).toEqual(['brute-force']);
    expect(scene.alarm('brute-force')).toMatchObject({ cause: victim?.id, accounts: { ids: [victim?.id] } });
    expect(scene.entered('brute-force')).toEqual([victim?.id]);
  });

  // OWASP OAT-002
  it('mailed tokens is seen by the tenth, with who came in from there', async () => {
    const scene = makeScene();
    const [victim] = await victims(scene, 1);
    for (let number = 0; number < 12; number += 1) {
      await scene.kit.value(scene.kit.portcullis.passwordReset.redeem({ token: `${number}`.padStart(43, 'A'), password: otherPassword, facts: openBrowser(attacker).facts() }));
    }
    expect(scene.kinds()).toEqual(['token-guessing']);
    await scene.attempt(victim?.email ?? '', goodPassword);
    expect(scene.entered('token-guessing')).toEqual([victim?.id]);
  });

  it('recovery codes is seen by the tenth, though each sign-in takes five, with who came in', async () => {
    const scene = makeScene(unguarded);
    const ada = await person(scene.kit);
    await ada.enrollWholly();
    const own = ada.recoveryCodes[0] ?? '';
    for (let round = 0; round < 3; round += 1) {
      ada.browser = openBrowser(attacker);
      await ada.signIn();
      for (let number = 0; number < 4; number += 1) await ada.giveCode(`${'0'.repeat(4)}-${'0'.repeat(4)}-${'0'.repeat(4)}-000${number}`);
      await scene.kit.clock.advance(minuteMs);
    }
    expect(scene.kinds()).toContain('recovery-code-guessing');
    ada.browser = openBrowser(attacker);
    await ada.signIn();
    await ada.giveCode(own);
    expect(scene.entered('recovery-code-guessing')).toEqual([ada.id]);
  });
});

describe('the rest', () => {
  // OWASP OAT-019
  it('ten accounts opened from one network are a mass sign-up', async () => {
    const scene = makeScene({ limits: { mode: 'observe' } });
    for (let number = 0; number < 10; number += 1) {
      await ask(scene, 'signUp', nobody(number));
      await scene.kit.settle();
      await scene.kit.value(scene.kit.portcullis.signUp.confirm({ token: tokenOf(scene.kit, 'confirm-sign-up'), facts: openBrowser(attacker).facts() }));
      await scene.kit.clock.advance(5 * minuteMs);
    }
    expect(scene.kinds()).toEqual(['mass-signup']);
    await scene.attempt(nobody(3), goodPassword);
    expect(scene.entered('mass-signup')).toEqual(['user-4']);
  });

  it('requests without an address are told once, as no attack', async () => {
    const scene = makeScene(unguarded);
    const facts = { address: undefined, accepts: 'json' } as const;
    for (let number = 0; number < 12; number += 1) await scene.kit.value(scene.kit.portcullis.signIn.attempt({ identifier: nobody(number), password: `${otherPassword} ${number}`, facts }));
    expect(scene.kinds()).toEqual(['no-address']);
    expect(scene.monitor.level()).toBe('calm');
    await scene.kit.clock.advance(hourMs);
  });
});
