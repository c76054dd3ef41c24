/** One member of an RFC 9651 List whose members are Strings: the string and its Integer parameters. */
export interface StringItem {
  readonly value: string;
  readonly parameters: Readonly<Record<string, number>>;
}

/** A strict parser (RFC 9651 section 4.2) for Lists of Strings with Integer parameters: anything else throws. */
export function parseStringList(field: string): readonly StringItem[] {
  let rest = field;
  const take = (pattern: RegExp, what: string): string => {
    const found = pattern.exec(rest);
    if (found === null || found.index !== 0) throw new SyntaxError(`expected ${what} at ${JSON.stringify(rest)}`);
    rest = rest.slice(found[0].length);
    return found[0];
  };
  const items: StringItem[] = [];
  for (;;) {
    const quoted = take(/^"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/, 'a String');
    const parameters: Record<string, number> = {};
    while (rest.startsWith(';')) {
      const [key = '', value = ''] = take(/^; *[a-z*][a-z0-9_.*-]*=-?\d{1,15}(?![\d.])/, 'an Integer parameter').slice(1).trim().split('=');
      parameters[key] = Number(value);
    }
    items.push({ value: quoted.slice(1, -1).replace(/\\(["\\])/g, '$1'), parameters });
    if (rest === '') return items;
    take(/^[ \t]*,[ \t]*(?=[^ \t])/, 'a comma and another member');
  }
}
