import { inputText, isGiven, readIdentifier } from '../kernel/identifier.ts';
import { readCode } from './mail-secrets.ts';

/** What a form brings back from a mail, as it came. */
export interface ProofInput {
  readonly token?: unknown;
  /** With a code, the address that it was sent to. */
  readonly identifier?: unknown;
  readonly code?: unknown;
}

/** Proof that somebody has read a mail. `name` is canonical. */
export type Proof = { readonly kind: 'token'; readonly token: string } | { readonly kind: 'code'; readonly name: string; readonly code: string };

const maxTokenChars = 128;

/** Undefined for what cannot be a proof. A token goes before a code. */
export function readProof({ token, identifier, code }: ProofInput, canonicalize: (identifier: string) => string): Proof | undefined {
  if (isGiven(token)) {
    const text = inputText(token, maxTokenChars);
    return text !== undefined && /^[\w.-]+$/.test(text) ? { kind: 'token', token: text } : undefined;
  }
  const name = readIdentifier(identifier, canonicalize);
  const typed = readCode(code);
  return name === undefined || typed === undefined ? undefined : { kind: 'code', name, code: typed };
}
