import { readOnlyReply } from '../../kernel/read-only-reply.ts';
import type { Reply } from '../../ports/reply.ts';
import type { ReadOnlyBanner } from '../../read-only/index.ts';

/** What a page of the app may tell: why, and until when (wall-clock ms), as far as that is known. Escape `reason`. */
export interface ReadOnlyPageFacts extends Omit<ReadOnlyBanner, 'sinceMs'> {
  readonly retryAfterMs: number;
}

export interface ReadOnlyPages {
  /** The page of a refusal, as HTML. */
  readonly page?: ((facts: ReadOnlyPageFacts) => string) | undefined;
}

/** The refusal, with the page of the app where it has one that works. */
export function refusal(facts: ReadOnlyPageFacts, { accepts, page }: ReadOnlyPages & { readonly accepts: 'html' | 'json' }): Reply {
  return readOnlyReply(facts, { accepts, page: () => pageOf(facts, page) });
}

function pageOf(facts: ReadOnlyPageFacts, page: ReadOnlyPages['page']): string | undefined {
  try {
    const own: unknown = page?.(facts);
    return typeof own === 'string' ? own : undefined;
  } catch {
    // A template that fails must not turn a refusal into a crash.
    return undefined;
  }
}
