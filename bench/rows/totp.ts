import { NodeCryptoPlugin } from '@otplib/plugin-crypto-node';
import { verifySync } from 'otplib';
import { arithmetic, matchingStep } from '../../src/totp/arithmetic.ts';
import { inChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { costOf, interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 15;
const checks = 200_000;
const firstStep = 59_000_000;
const secret = Buffer.from('12345678901234567890');
const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** Checks so many right codes, each of another step, and answers how many were taken. */
type Checks = (codes: readonly string[]) => number;

async function ours(): Promise<Checks> {
  const maths = await arithmetic();
  return (codes) => codes.reduce((taken, code, at) => taken + (matchingStep(maths, { secret, code, steps: [firstStep + at] }) === undefined ? 0 : 1), 0);
}

async function otplibDefault(): Promise<Checks> {
  return Promise.resolve((codes) => codes.reduce((taken, token, at) => taken + (verifySync({ secret: base32, token, epoch: (firstStep + at) * 30 }).valid ? 1 : 0), 0));
}

async function otplibNode(): Promise<Checks> {
  const crypto = new NodeCryptoPlugin();
  return Promise.resolve((codes) => codes.reduce((taken, token, at) => taken + (verifySync({ secret: base32, token, epoch: (firstStep + at) * 30, crypto }).valid ? 1 : 0), 0));
}

const contenders = { ours, otplibDefault, otplibNode };
type Contender = keyof typeof contenders;

/** Runs in a child, after a fifth of the codes that are not counted. */
export async function perSecondOf(name: Contender): Promise<number> {
  const { codeAt } = await arithmetic();
  const codes = Array.from({ length: checks }, (_, at) => codeAt(secret, firstStep + at));
  const check = await contenders[name]();
  check(codes.slice(0, checks / 5));
  let taken = 0;
  const { wallMs } = await costOf(async () => {
    taken = await Promise.resolve(check(codes));
  });
  if (taken !== checks) throw new Error(`expected ${checks} codes to be taken, got ${taken}`);
  return (checks * 1_000) / wallMs;
}

async function run(): Promise<readonly BenchRow[]> {
  const names = Object.keys(contenders) as Contender[];
  const turns = Object.fromEntries(names.map((name) => [name, () => inChild(import.meta.url, perSecondOf, name)])) as Record<Contender, () => Promise<number>>;
  const measured = await interleave(turns, { rounds });
  const check = { subject: 'checks of a right code, one step, without a store', unit: '/s', values: measured.ours };
  return [
    rowOf({ ...check, id: 'totp-check', peer: { name: 'otplib verifySync', values: measured.otplibDefault }, goal: { atLeast: 1.5, of: 'ratio' } }),
    rowOf({ ...check, id: 'totp-check-vs-node', peer: { name: 'otplib verifySync with its plugin for node:crypto', values: measured.otplibNode } }),
  ];
}

export const bench: Bench = {
  id: 'totp',
  title: 'Codes of authenticator apps',
  rows: ['totp-check', 'totp-check-vs-node'],
  method:
    'Each turn is a fresh process that checks 200,000 right codes of as many steps, after 40,000 that are not counted; one step each, SHA-1, 6 digits. ' +
    'Ours is the comparison of the totp piece, which has the secret as bytes once it is unsealed; otplib takes it as base 32, as its documentation does. ' +
    'Neither opens a sealed secret nor asks a store.',
  run,
};
