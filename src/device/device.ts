import { systemClock } from '../kernel/clock.ts';
import { harmless } from '../kernel/harmless.ts';
import { accountRecordKey, readJson, updateJson } from '../kernel/json-record.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { cleanLabel } from '../kernel/label.ts';
import { callback, integer, port, readOptions } from '../kernel/options.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { EpochMark } from '../ports/session.ts';
import { createBrowsers, type Browser } from './browsers.ts';
import { expiryOf, recognized, remembered, removed, revoked, type Change } from './changes.ts';
import { keptEpochs, type DeviceEpochs } from './epochs.ts';
import { createPlaces } from './places.ts';
import { checkedRecord, mostDevices, type Device, type DeviceRecord } from './record.ts';
import { idBytes, randomText, secretBytes } from './secret.ts';
import { isExpired, secondFactorUntil, type Terms } from './standing.ts';

export interface DevicesOptions {
  readonly keys: KeyRing;
  readonly records: RecordStore;
  /** How long a browser stays known after its last sign-in, ms. Default 180 days. */
  readonly knownForMs?: number;
  /** How long "remember this browser" spares the second factor, ms. Default 30 days; 0 never. */
  readonly secondFactorForMs?: number;
  /** Browsers of one account; the one unused for longest makes room. Default 20. */
  readonly maxDevices?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly emit?: Emit;
}

/**
 * Wall-clock ms. `provenSinceMs`: a mailed link or a second factor stood behind a sign-in; absent where it was a password alone,
 * which a thief has too. `secondFactorUntilMs`: absent where the browser was not remembered. `epochs`: under which it became known, where
 * `remember` was told. Compare them as those of a session, `checkWider` of the epochs: where one is another, the browser is a stranger.
 */
export type Recognition =
  | { readonly known: false }
  | { readonly known: true; readonly deviceId: string; readonly knownSinceMs: number; readonly provenSinceMs?: number; readonly secondFactorUntilMs?: number; readonly epochs?: DeviceEpochs };

/** A browser of an account as its owner may see it. */
export interface KnownDevice {
  readonly id: string;
  readonly knownSinceMs: number;
  readonly lastUsedAtMs: number;
  readonly secondFactorUntilMs: number | undefined;
  /** What the app said about it, a user agent for example. */
  readonly label: string | undefined;
}

/** Somebody has signed in to an account in a browser. */
export interface DeviceLogin {
  readonly browser: Browser;
  readonly accountId: string;
  /** What the account was called. */
  readonly name: string;
  /** "Remember this browser": spares the second factor for a while. */
  readonly secondFactor?: boolean;
  /** A mailed link or a second factor was given. */
  readonly proven?: boolean;
  /** When the sign-in began, wall-clock ms: if all browsers were revoked since then, this one is not made known; it is known since then. Default: now. */
  readonly asOfMs?: number;
  /** As in `recognize`. */
  readonly notBeforeMs?: number;
  /** The mark of the new session, from before the proof was looked at. It is kept with the browser; what was known under another is known no more. */
  readonly epochs?: EpochMark | undefined;
  readonly label?: string;
  /** The network address that it came from: its neighborhood becomes familiar to the account. */
  readonly address?: string | undefined;
}

/** The Set-Cookie line, and the id of the known browser; undefined where the account's browsers were revoked while this one signed in. */
export interface RememberedDevice {
  readonly setCookie: string;
  readonly deviceId: string | undefined;
  /** Whether the account knew another browser: then a new one is news to its owner. */
  readonly others: boolean;
  /** When somebody last signed in to the account from a known browser, wall-clock ms; undefined where nobody did. */
  readonly previousUseMs: number | undefined;
}

export interface Devices {
  /** Reads the Cookie header. Asks no store. Never throws. */
  read(cookies: string | undefined): Browser;
  /**
   * Does the account know this browser? Reads one record, or none where the cookie has nothing for the account. Writes it when a
   * new secret is shown for the first time, and when an old copy of the cookie is, which ends the device and is an event.
   * `notBeforeMs`: of browsers without epochs, what was known then or before, or in the minute after, is known no more, wall-clock ms.
   */
  recognize(browser: Browser, accountId: string, notBeforeMs?: number): Promise<Recognition>;
  /** After a sign-in that passed everything: the browser is known from now on, or known still, under a new secret. Answers a Set-Cookie line. */
  remember(login: DeviceLogin): Promise<RememberedDevice>;
  /** An id for the browser: the one it has, or a new one and the Set-Cookie line that gives it. Asks no store. */
  identify(browser: Browser): { readonly id: string; readonly setCookie?: string };
  /** The account knows no browser any more: after a new password or a change of factors. One write. */
  revokeAll(accountId: string): Promise<void>;
  remove(which: { readonly accountId: string; readonly deviceId: unknown }): Promise<boolean>;
  list(accountId: string): Promise<readonly KnownDevice[]>;
  /** Whether the account has been signed in to from the neighborhood of an address (an IPv4 /24, an IPv6 /48) within 60 days, since its browsers were last revoked. */
  isFamiliar(from: { readonly accountId: string; readonly address: string | undefined }): Promise<boolean>;
}

const dayMs = 86_400_000;
/** Browsers keep no cookie for longer than 400 days. */
const longestMs = 400 * dayMs;
const maxLabelChars = 128;

/** The defaults of {@link createDevices}. */
export const deviceDefaults = Object.freeze({ knownForMs: 180 * dayMs, secondFactorForMs: 30 * dayMs, maxDevices: 20 });

/**
 * Makes the piece that knows browsers again: one sealed `__Host-` cookie for each, and one record for each account. What a cookie
 * says is good for the account and the version of its record that it was made for, and its secret is replaced at use. An attacker
 * cannot make one, so whoever shows one has a budget of their own (OWASP Device Cookies; OWASP ASVS 5.0 3.3.1 to 3.3.4, 6.1.1).
 * Throws ERR_CONFIG; later rejects with ERR_STORE or ERR_BUSY, and no cookie makes it throw.
 */
export function createDevices(options: DevicesOptions): Devices {
  const parsed = readDevicesOptions(options);
  const { keys, records, knownForMs, secondFactorForMs, maxDevices, clock, random } = parsed;
  const emit: Emit = harmless(parsed.emit);
  const browsers = createBrowsers({ keys, random, knownForMs });
  const places = createPlaces(keys);

  const terms = (notBeforeMs = -Infinity, epochs?: DeviceEpochs): Terms => ({ nowMs: clock.nowMs(), knownForMs, secondFactorForMs, maxDevices, notBeforeMs, epochs });

  function update<A>(accountId: string, decide: (record: DeviceRecord) => Change<A>): Promise<A> {
    return updateJson<DeviceRecord, A>(records, keyOf(accountId), (found) => {
      const { record, answer } = decide(checkedRecord(found));
      return { value: record, answer, ...(record !== undefined && { expiresAtMs: expiryOf(record, terms()) }) };
    });
  }

  return Object.freeze({
    read: (cookies) => browsers.read(cookies),
    identify: (browser) => browsers.identify(browser),
    async recognize(browser, accountId, notBeforeMs) {
      const shown = browsers.shownTo(accountId, browser);
      if (shown.entry === undefined) return { known: false };
      const found = await update(accountId, (record) => recognized(record, shown, terms(notBeforeMs)));
      if (found.as === 'copy') emit({ type: 'device.replayed', accountId });
      return found.as === 'known' ? recognition(found.device, terms()) : { known: false };
    },
    async remember({ browser, accountId, name, secondFactor = false, proven = false, asOfMs, notBeforeMs, epochs, label, address }) {
      const shown = browsers.shownTo(accountId, browser);
      const kept = keptEpochs(epochs);
      const fresh = { id: randomText(random, idBytes), salt: randomText(random, secretBytes) };
      const login = { shown, fresh, secondFactor, proven, asOfMs, label: cleanLabel(label, maxLabelChars) || undefined };
      const done = await update(accountId, (record) => places.added(remembered(record, login, terms(notBeforeMs, kept)), { accountId, address, nowMs: clock.nowMs() }));
      if (done === undefined) return { setCookie: browsers.cookie(browser), deviceId: undefined, others: false, previousUseMs: undefined };
      const { device, secret, version, replayed, others, previousUseMs } = done;
      if (replayed) emit({ type: 'device.replayed', accountId });
      const entry = { deviceId: device.id, secret, generation: device.generation, version };
      return { setCookie: browsers.put(browser, { accountId, name, entry }), deviceId: device.id, others, previousUseMs };
    },
    async revokeAll(accountId) {
      await update(accountId, (record) => revoked(record, terms()));
      emit({ type: 'device.revoked', which: 'all', accountId });
    },
    async remove({ accountId, deviceId }) {
      if (typeof deviceId !== 'string' || !/^[\w-]{22}$/.test(deviceId)) return false;
      const done = await update(accountId, (record) => removed(record, deviceId, terms()));
      if (done) emit({ type: 'device.revoked', which: 'one', accountId });
      return done;
    },
    async isFamiliar({ accountId, address }) {
      const record = checkedRecord((await readJson<DeviceRecord>(records, keyOf(accountId)))?.value);
      return places.isFamiliar(record, { accountId, address, nowMs: clock.nowMs() });
    },
    async list(accountId) {
      const { devices } = checkedRecord((await readJson<DeviceRecord>(records, keyOf(accountId)))?.value);
      const now = terms();
      return devices.filter((device) => !isExpired(device, now)).map((device) => knownDevice(device, now));
    },
  } satisfies Devices);
}

function readDevicesOptions(options: DevicesOptions) {
  return readOptions('device', options, {
    keys: port<KeyRing>(['digest', 'digests', 'seal', 'open'], undefined, 'createKeyRing()'),
    records: port<RecordStore>(['read', 'compareAndSet', 'watch']),
    knownForMs: integer({ min: 60_000, max: longestMs, fallback: deviceDefaults.knownForMs }),
    secondFactorForMs: integer({ min: 0, max: longestMs, fallback: deviceDefaults.secondFactorForMs }),
    maxDevices: integer({ min: 1, max: mostDevices, fallback: deviceDefaults.maxDevices }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
    emit: callback<Emit>(() => undefined),
  });
}

function keyOf(accountId: string): string {
  return accountRecordKey('device', accountId);
}

function recognition(device: Device, now: Terms): Recognition {
  const { id, knownSinceMs, provenSinceMs, epochs } = device;
  const untilMs = secondFactorUntil(device, now);
  return { known: true, deviceId: id, knownSinceMs, ...(provenSinceMs !== undefined && { provenSinceMs }), ...(untilMs !== undefined && { secondFactorUntilMs: untilMs }), ...(epochs !== undefined && { epochs }) };
}

function knownDevice(device: Device, now: Terms): KnownDevice {
  const { id, knownSinceMs, lastUsedAtMs, label } = device;
  return { id, knownSinceMs, lastUsedAtMs, secondFactorUntilMs: secondFactorUntil(device, now), label };
}
