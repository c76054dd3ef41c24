import { describe, expect, it } from 'vitest';
import { goodPassword, makeScene, nobody, otherPassword, victims, type Scene } from './support.ts';

/** Limits and guard look on, so that what an attack does is seen to the end. */
const unguarded = { limits: { mode: 'observe' }, loginGuard: { mode: 'observe' } } as const;

/** One password at names that nobody has, from a network each. */
async function spray({ attempt }: Scene, from: number, to: number, password = goodPassword): Promise<void> {
  for (let number = from; number < to; number += 1) await attempt(nobody(number), password, `203.0.113.${number}`);
}

// OWASP OAT-007
describe('a password that has failed today', () => {
  it.each([
    [5, []],
    [6, ['spraying']],
  ])('at %i names, and is right at another: the alarms are %j', async (names, kinds) => {
    const scene = makeScene(unguarded);
    const [victim] = await victims(scene, 1);
    await spray(scene, 0, names);
    expect(scene.kinds()).toEqual([]);
    expect(await scene.attempt(victim?.email ?? '', goodPassword, '198.51.100.9')).toBe('signed-in');
    expect(scene.kinds()).toEqual(kinds);
    expect(scene.entered('spraying')).toEqual(kinds.length > 0 ? [victim?.id] : []);
  });

  it('at six names raises it at the seventh, which it does not open', async () => {
    const scene = makeScene(unguarded);
    await spray(scene, 0, 6, otherPassword);
    expect(scene.kinds()).toEqual([]);
    await spray(scene, 6, 7, otherPassword);
    expect(scene.kinds()).toEqual(['spraying']);
  });

  it('at one name fifty times, or fifty others at a name each, is none', async () => {
    const scene = makeScene(unguarded);
    for (let number = 0; number < 50; number += 1) {
      await scene.attempt(nobody(0), goodPassword, `203.0.113.${number}`);
      await scene.attempt(nobody(100 + number), `${otherPassword} ${number}`, `198.51.100.${number}`);
    }
    expect(scene.kinds()).not.toContain('spraying');
  });
});
