import { ConfigError } from '../kernel/errors.ts';
import { noFailures, type FailureCap } from '../kernel/failure-cap.ts';
import type { RecordStep } from '../kernel/json-record.ts';
import { cleanLabel } from '../kernel/label.ts';
import type { Clock } from '../ports/clock.ts';
import type { RandomSource } from '../ports/random.ts';
import { stepsAt } from './acceptance.ts';
import { arithmetic, matchingStep } from './arithmetic.ts';
import type { FactorRecords } from './factors.ts';
import { shownFactor, type PendingFactor, type StoredFactor, type TotpRecord } from './record.ts';
import { inFours, keyUri, qrOf } from './shown.ts';
import type { Totp } from './totp.ts';
import { readCode, readSecret } from './typed.ts';
import type { Vault } from './vault.ts';

/** 160 bits (RFC 4226 section 4, requirement 6). */
const secretBytes = 20;
const idBytes = 9;
const pendingTries = 10;
const maxNameChars = 64;
const maxSourceChars = 256;
const maxAccountChars = 128;

interface Parts {
  readonly factors: FactorRecords;
  readonly vault: Vault;
  readonly cap: FailureCap;
  readonly issuer: string;
  readonly strict: boolean;
  readonly maxFactors: number;
  readonly pendingMs: number;
  readonly clock: Clock;
  readonly random: RandomSource;
}

type Confirmation = Awaited<ReturnType<Totp['confirm']>>;

/** How an authenticator comes to count: with a right code of its own, or by being taken over from elsewhere. */
export function createEnrollments(parts: Parts): Pick<Totp, 'enroll' | 'confirm' | 'import'> {
  return {
    enroll: (wanted) => enroll(parts, wanted),
    confirm: (proof) => confirm(parts, proof),
    import: (factor) => takeOver(parts, factor),
  };
}

function bytes(random: RandomSource, size: number): Buffer {
  const made = random(size);
  if (made.length !== size) throw new ConfigError(`totp.random: expected ${size} bytes, got ${made.length}`);
  return made;
}

function nameOf(name: unknown): string {
  return cleanLabel(name, maxNameChars) || 'Authenticator';
}

async function enroll({ factors, vault, issuer, maxFactors, pendingMs, clock, random }: Parts, { accountId, accountName, name, source }: Parameters<Totp['enroll']>[0]): ReturnType<Totp['enroll']> {
  const maths = await arithmetic();
  const secret = bytes(random, secretBytes);
  const factorId = bytes(random, idBytes).toString('base64url');
  const nowMs = clock.nowMs();
  const shownSource = cleanLabel(source, maxSourceChars);
  const pending: PendingFactor = {
    id: factorId,
    name: nameOf(name),
    ...(shownSource !== '' && { source: shownSource }),
    sealed: vault.seal({ accountId, factorId, secret }),
    createdAtMs: nowMs,
    expiresAtMs: nowMs + pendingMs,
    triesLeft: pendingTries,
  };
  const hasRoom = await factors.update<boolean>(accountId, (record) => {
    const room = record.factors.length < maxFactors;
    return { value: room ? { ...record, pending } : undefined, answer: room };
  });
  if (!hasRoom) return { ok: false, reason: 'too-many-factors' };
  const base32 = maths.toBase32(secret);
  const uri = keyUri({ issuer, accountName: cleanLabel(accountName, maxAccountChars), secret: base32 });
  return Object.freeze({ ok: true, factorId, secret: inFours(base32), uri, qr: await qrOf(uri), expiresAtMs: pending.expiresAtMs });
}

async function confirm({ factors, vault, cap, strict, maxFactors, clock }: Parts, { accountId, factorId, code }: Parameters<Totp['confirm']>[0]): Promise<Confirmation> {
  const digits = readCode(code);
  if (digits === undefined) return { ok: false, reason: 'malformed' };
  const maths = await arithmetic();
  return factors.update<Confirmation>(accountId, (record) => {
    const nowMs = clock.nowMs();
    const { pending } = record;
    // The last place may have been taken by an import meanwhile.
    const isOpen = pending !== undefined && nowMs < pending.expiresAtMs && record.factors.length < maxFactors;
    if (!isOpen || pending.id !== factorId) return { value: undefined, answer: { ok: false, reason: 'unknown-factor' } };
    const opened = vault.open({ accountId, factorId: pending.id, sealed: pending.sealed });
    const step = opened.ok ? matchingStep(maths, { secret: opened.secret, code: digits, steps: stepsAt(nowMs, strict) }) : undefined;
    return step === undefined ? wrongCode(record, pending) : confirmed(record, pending, { step, nowMs, cap });
  });
}

/** It counts from this write on, and its first code is spent by the same write. */
function confirmed({ factors }: TotpRecord, { expiresAtMs: _end, triesLeft: _tries, ...pending }: PendingFactor, { step, nowMs, cap }: { readonly step: number; readonly nowMs: number; readonly cap: FailureCap }): RecordStep<TotpRecord, Confirmation> {
  const factor: StoredFactor = { ...pending, confirmedAtMs: nowMs, lastUsedAtMs: nowMs, lastStep: step, failures: noFailures };
  return { value: { factors: [...factors, factor] }, answer: { ok: true, factor: shownFactor(factor, cap), first: factors.length === 0 } };
}

async function takeOver({ factors, vault, cap, maxFactors, clock, random }: Parts, { accountId, secret, name }: Parameters<Totp['import']>[0]): ReturnType<Totp['import']> {
  const read = readSecret(await arithmetic(), secret);
  if (read === undefined) return { ok: false, reason: 'malformed' };
  const id = bytes(random, idBytes).toString('base64url');
  const nowMs = clock.nowMs();
  const factor: StoredFactor = { id, name: nameOf(name), sealed: vault.seal({ accountId, factorId: id, secret: read }), createdAtMs: nowMs, confirmedAtMs: nowMs, lastStep: 0, failures: noFailures };
  return factors.update<Awaited<ReturnType<Totp['import']>>>(accountId, (record) => {
    if (record.factors.length >= maxFactors) return { value: undefined, answer: { ok: false, reason: 'too-many-factors' } };
    return { value: { ...record, factors: [...record.factors, factor] }, answer: { ok: true, factor: shownFactor(factor, cap) } };
  });
}

function wrongCode(record: TotpRecord, pending: PendingFactor): RecordStep<TotpRecord, Confirmation> {
  const triesLeft = pending.triesLeft - 1;
  if (triesLeft < 1) return { value: { factors: record.factors }, answer: { ok: false, reason: 'too-many-tries' } };
  return { value: { ...record, pending: { ...pending, triesLeft } }, answer: { ok: false, reason: 'wrong-code' } };
}
