import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/source-tree.ts';

const section = readFileSync(join(root, 'README.md'), 'utf8').split(/^## /m).find((each) => each.startsWith('mfa\n')) ?? '';

// checklist 116; SP 800-63B-4 2.2.2
describe('what the documents claim of a second factor', () => {
  it('is neither AAL2 nor resistance to phishing, and they say how to get both', () => {
    expect(section).toMatch(/not AAL2/);
    expect(section).toMatch(/claim neither AAL2 nor resistance to phishing\. Offer WebAuthn/);
    expect(section).toContain('(#a-factor-of-your-own)');
  });

  it('leaves out mail, SMS and what a store has lost', () => {
    expect(section).toMatch(/SMS and mail are none/);
    expect(section).toMatch(/A policy that the store has lost cannot be told from none/);
  });
});
