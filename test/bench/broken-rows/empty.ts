/** A file of rows that exports no bench. */
export const nothing = undefined;
