import { digestsEqual } from '../kernel/compare.ts';
import type { Entry } from './contents.ts';
import { areSameEpochs, type DeviceEpochs } from './epochs.ts';
import type { Device, DeviceRecord } from './record.ts';
import { nextSecret, secretDigest } from './secret.ts';

/** How long an old secret is taken once the new one has been shown, and how long a new one is given out again. */
export const graceMs = 60_000;
/** How far the clocks of an app's machines may be apart. */
const clocksApartMs = 60_000;

/** What a browser shows to an account. */
export interface Shown {
  readonly accountId: string;
  /** Of the browser itself. */
  readonly browserSecret: string;
  /** What its cookie has for the account. */
  readonly entry: Entry | undefined;
}

/** What a browser is to an account: `copy` means that it shows a secret that was replaced, so that two have the cookie. */
export type Standing = { readonly as: 'stranger' } | { readonly as: 'current' | 'previous' | 'copy'; readonly device: Device };

const stranger: Standing = Object.freeze({ as: 'stranger' });

export interface Terms {
  readonly nowMs: number;
  readonly knownForMs: number;
  readonly secondFactorForMs: number;
  readonly maxDevices: number;
  /** What was known then or before is known no more, wall-clock ms: for browsers without epochs. */
  readonly notBeforeMs: number;
  /** Those that count. Undefined: whoever asks compares those of the browser. */
  readonly epochs?: DeviceEpochs | undefined;
}

/** Compares what is shown with what is stored. */
export function standingOf(record: DeviceRecord, { accountId, entry }: Shown, terms: Terms): Standing {
  if (entry?.version !== record.version) return stranger;
  const device = record.devices.find(({ id }) => id === entry.deviceId);
  // A generation that was never reached: the store was put back to an older state.
  if (device === undefined || isExpired(device, terms) || entry.generation > device.generation) return stranger;
  const digest = secretDigest({ accountId, deviceId: device.id, secret: entry.secret });
  // We seal the cookies: only with a stolen key could one show the right generation and a wrong secret.
  if (entry.generation === device.generation) return digestsEqual(digest, device.digest) ? { as: 'current', device } : stranger;
  const isLast = entry.generation === device.generation - 1 && digestsEqual(digest, device.previous.digest);
  return { as: isLast && isTaken(device, terms) ? 'previous' : 'copy', device };
}

export function isExpired(device: Device, terms: Terms): boolean {
  return terms.nowMs >= device.lastUsedAtMs + terms.knownForMs || isRevoked(device, terms);
}

/** Whether a revocation of many was meant for it. Two times say so of two machines only where they are further apart than the clocks. */
function isRevoked({ epochs, knownSinceMs }: Device, { notBeforeMs, epochs: current }: Terms): boolean {
  if (epochs === undefined) return knownSinceMs <= notBeforeMs + clocksApartMs;
  return current !== undefined && !areSameEpochs(epochs, current);
}

/** Until when no second factor is asked for; undefined where it is. */
export function secondFactorUntil({ secondFactorAtMs }: Device, { nowMs, secondFactorForMs }: Terms): number | undefined {
  const untilMs = secondFactorAtMs === undefined ? nowMs : secondFactorAtMs + secondFactorForMs;
  return untilMs > nowMs ? untilMs : undefined;
}

/** Whether the secret before the current one is still taken: until the new one has arrived, and a little longer. */
function isTaken({ previous: { untilMs } }: Device, { nowMs }: Terms): boolean {
  return untilMs === undefined || nowMs < untilMs;
}

/** A device, and the secret to show for it from now on. */
export interface Held {
  readonly device: Device;
  readonly secret: string;
}

/**
 * What a browser that has signed in is to show from now on; undefined for one that is not known. A secret is replaced at use, but
 * not in the minute after it was given out, so that requests that are under way together end up with one.
 */
export function heldBy(record: DeviceRecord, { shown, standing, salt, terms }: { readonly shown: Shown; readonly standing: Standing; readonly salt: string; readonly terms: Terms }): Held | undefined {
  const { accountId, browserSecret, entry } = shown;
  if (entry === undefined || standing.as === 'stranger' || standing.as === 'copy') return bornOf(record, { accountId, browserSecret, terms });
  const { device } = standing;
  if (standing.as === 'previous') return followed(device, { accountId, secret: entry.secret, nowMs: terms.nowMs });
  return Math.abs(terms.nowMs - device.givenAtMs) < graceMs ? { device, secret: entry.secret } : rotated(device, { accountId, secret: entry.secret, salt, nowMs: terms.nowMs });
}

/** The device that another tab of the same browser made known a moment ago. */
function bornOf(record: DeviceRecord, { accountId, browserSecret, terms }: { readonly accountId: string; readonly browserSecret: string; readonly terms: Terms }): Held | undefined {
  for (const device of record.devices) {
    if (device.generation !== 1 || !isTaken(device, terms) || isExpired(device, terms)) continue;
    const held = followed(device, { accountId, secret: browserSecret, nowMs: terms.nowMs });
    if (held !== undefined) return held;
  }
  return undefined;
}

/** The current secret, made once more from the one before it. */
function followed(device: Device, { accountId, secret, nowMs }: { readonly accountId: string; readonly secret: string; readonly nowMs: number }): Held | undefined {
  const next = nextSecret(secret, device.salt);
  const isCurrent = digestsEqual(secretDigest({ accountId, deviceId: device.id, secret: next }), device.digest);
  return isCurrent ? { device: { ...device, givenAtMs: nowMs }, secret: next } : undefined;
}

function rotated(device: Device, { accountId, secret, salt, nowMs }: { readonly accountId: string; readonly secret: string; readonly salt: string; readonly nowMs: number }): Held {
  const next = nextSecret(secret, salt);
  const digest = secretDigest({ accountId, deviceId: device.id, secret: next });
  return { device: { ...device, generation: device.generation + 1, digest, salt, givenAtMs: nowMs, previous: { digest: device.digest } }, secret: next };
}
