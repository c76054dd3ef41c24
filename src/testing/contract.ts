/** One promise of a port, to be handed to any test runner: `for (const { name, run } of contract) it(name, run)`. */
export interface ContractCase {
  readonly name: string;
  /** Makes a store, tries it, closes it. Rejects with an AssertionError where the promise is not kept. */
  readonly run: () => Promise<void>;
}

/** A store, and what a contract needs to try it. */
export interface StoreUnderTest<Store> {
  /** Empty: nothing that an earlier case counted or wrote is in it. */
  readonly store: Store;
  /** The wall clock that the store goes by, ms since 1970. */
  nowMs(): number;
  /** Lets at least `byMs` pass for the store, by a fake clock or by waiting. The contracts ask for less than 2 s at a time. */
  letTimePass(byMs: number): Promise<void>;
  /**
   * Sets the wall clock of the process that uses the store back. It does nothing where the store never looks at that
   * clock, as with a database that counts in its own time: then there is nothing that could go wrong.
   */
  setClockBack(byMs: number): void | Promise<void>;
  /** Frees what was opened for this case. */
  close(): void | Promise<void>;
}

export type MakeStore<Store> = () => StoreUnderTest<Store> | Promise<StoreUnderTest<Store>>;

/** A case before it knows where stores come from. */
export interface StoreCase<Store> {
  readonly name: string;
  try(subject: StoreUnderTest<Store>): Promise<void>;
}

/** Gives every case a store of its own. */
export function contractOf<Store>(makeStore: MakeStore<Store>, cases: readonly StoreCase<Store>[]): readonly ContractCase[] {
  return cases.map((given) => ({
    name: given.name,
    async run() {
      const subject = await makeStore();
      try {
        await given.try(subject);
      } finally {
        await subject.close();
      }
    },
  }));
}

/** The results of `count` calls made at the same moment. */
export function atOnce<T>(count: number, call: (index: number) => T | Promise<T>): Promise<readonly Awaited<T>[]> {
  return Promise.all(Array.from({ length: count }, async (_, index) => call(index)));
}

const megabyte = 1_048_576;

/** Keys that a store must keep apart and unharmed. Each is another one to `===`. */
export const hostileKeys: readonly string[] = Object.freeze([
  '', ' ', 'a', 'A', 'a ', ' a', 'a\0', 'a\0b', '\0', '\n', '__proto__', 'constructor', 'toString', 'hasOwnProperty',
  '*', '?', '%', '_', '{a}', '{a}b', "'; DROP TABLE counters; --", '"', '\\', ':', 'a:b', 'a/b', '../a', '\u0001', '\u0001a',
  '\ud800', '\udbff', '\udfff', '\ufffd', '\u00e9', 'e\u0301', '\u0130', 'i', '\ud83d\ude00', '\u202eabc',
  'x'.repeat(128), 'x'.repeat(129), 'x'.repeat(megabyte), `${'x'.repeat(megabyte)}y`, '\ud800'.repeat(200), '\udbff'.repeat(200),
]);
