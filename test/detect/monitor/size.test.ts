import type { SecurityEvent } from 'portcullis';
import { createAttackMonitor, type AttackMonitorOptions } from 'portcullis/detect';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { bytesInUse } from '../../support/collect.ts';
import { breached, confirmed, forgot, guessedToken, pending, signedIn, signUp, unknownName, wrongCode, wrongPassword } from './setup.ts';

const megabyte = 1_000_000;

/** A network of its own for each number. */
function addressOf(network: number): string {
  return `10.${network >> 16 & 255}.${network >> 8 & 255}.${network & 255}`;
}

/** A monitor that nobody else holds, and how much it has grown to by each of these floods. */
async function grown(options: AttackMonitorOptions, floods: readonly ((observe: (event: SecurityEvent) => void) => void)[]): Promise<readonly number[]> {
  const monitor = createAttackMonitor({ clock: fakeClock(), ...options });
  // What is compiled and made once is no state.
  for (let each = 0; each < 2_000; each += 1) monitor.observe(unknownName(each, addressOf(each)));
  const before = await bytesInUse();
  const sizes: number[] = [];
  for (const flood of floods) {
    flood((event) => { monitor.observe(event); });
    sizes.push((await bytesInUse()) - before);
  }
  expect(monitor.snapshot().sources.length).toBeLessThanOrEqual(20);
  return sizes;
}

/** One failure at an account from each network: no network is suspicious. */
function fresh(from: number, to: number): (observe: (event: SecurityEvent) => void) => void {
  return (observe) => {
    for (let network = from; network < to; network += 1) observe(wrongPassword(network, addressOf(network)));
  };
}

/** Whatever a network can do that is counted, a dozen times. */
const deeds: readonly ((number: number, address: string) => SecurityEvent)[] = [
  wrongPassword, unknownName, signUp, forgot, (_number, address) => guessedToken(address), wrongCode, breached, pending, signedIn,
  // Of accounts of their own: where one is at home, its right passwords say nothing.
  (number, address) => confirmed(number + 0.25, address), (number, address) => signedIn(number + 0.5, address, { known: true }),
];

function suspicious(from: number, to: number): (observe: (event: SecurityEvent) => void) => void {
  return (observe) => {
    for (let network = from; network < to; network += 1) {
      for (let number = 0; number < 12; number += 1) for (const deed of deeds) observe(deed(network * 12 + number, addressOf(network)));
    }
  };
}

/** One network that does all of it at one account after the other. */
function tireless(from: number, to: number): (observe: (event: SecurityEvent) => void) => void {
  return (observe) => {
    for (let number = from; number < to; number += 1) for (const deed of deeds) observe(deed(number, addressOf(1)));
  };
}

// CWE-770
describe('what the monitor remembers', () => {
  it('is some megabytes after half a million fresh networks, and no more than after the first of them', async () => {
    const [first = NaN, last = NaN] = await grown({}, [fresh(2_000, 50_000), fresh(50_000, 500_000)]);
    console.log(`the monitor has grown by ${(first / megabyte).toFixed(1)} MB after 50,000 fresh networks and by ${(last / megabyte).toFixed(1)} MB after 500,000`);
    expect(first).toBeLessThan(10 * megabyte);
    expect(last - first).toBeLessThan(2 * megabyte);
  }, 60_000);

  it('grows no further by networks that are suspicious, once there have been as many as it has room for', async () => {
    const [first = NaN, last = NaN] = await grown({ maxSources: 128, maxSignIns: 128 }, [suspicious(0, 1_100), suspicious(1_100, 2_200)]);
    console.log(`with room for 128 networks it has grown by ${(first / megabyte).toFixed(1)} MB after 1,100 suspicious networks and by ${(last / megabyte).toFixed(1)} MB after 2,200`);
    expect(first).toBeLessThan(12 * megabyte);
    expect(last - first).toBeLessThan(2 * megabyte);
  }, 60_000);

  it('grows no further by one network that does all of it at ten thousand accounts', async () => {
    const [first = NaN, last = NaN] = await grown({ maxSources: 128, maxSignIns: 128 }, [tireless(0, 2_000), tireless(2_000, 12_000)]);
    console.log(`it has grown by ${(first / megabyte).toFixed(1)} MB by one network at 2,000 accounts and by ${(last / megabyte).toFixed(1)} MB at 12,000`);
    expect(last - first).toBeLessThan(megabyte);
  }, 60_000);
});
