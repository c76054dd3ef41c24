import { createHmac } from 'node:crypto';
import type { HashEngine } from 'portcullis/hasher';

type Input = Parameters<HashEngine['derive']>[0];

/** What argon2id would cost here, for comparing work: everything but the bytes. */
export function workOf({ parameters, tagBytes, secret, password }: Input) {
  return { ...parameters, tagBytes, keyed: secret !== undefined, passwordBytes: password.length };
}

function quickTag({ password, salt, parameters, tagBytes, secret = new Uint8Array(1) }: Input): Uint8Array {
  const text = JSON.stringify([Buffer.from(password).toString('hex'), Buffer.from(salt).toString('hex'), parameters, tagBytes]);
  return createHmac('sha512', secret).update(text).digest().subarray(0, tagBytes);
}

/** An engine that costs nothing and remembers what it was asked. Different inputs give different tags. */
export function quickEngine(): HashEngine & { readonly calls: Input[] } {
  const calls: Input[] = [];
  return {
    name: 'quick',
    calls,
    derive: async (input) => {
      calls.push(input);
      return quickTag(input);
    },
  };
}

/** An engine whose derivations end when the test says so, oldest first. */
export function heldEngine(): HashEngine & { running(): number; most(): number; passwords(): readonly string[]; finish(error?: Error): void } {
  const held: { readonly input: Input; resolve(tag: Uint8Array): void; reject(error: Error): void }[] = [];
  const started: string[] = [];
  let most = 0;
  return {
    name: 'held',
    derive: (input) =>
      new Promise((resolve, reject) => {
        held.push({ input, resolve, reject });
        started.push(Buffer.from(input.password).toString());
        most = Math.max(most, held.length);
      }),
    running: () => held.length,
    most: () => most,
    passwords: () => started,
    finish(error) {
      const first = held.shift();
      if (first === undefined) throw new Error('nothing runs');
      if (error === undefined) first.resolve(quickTag(first.input));
      else first.reject(error);
    },
  };
}
