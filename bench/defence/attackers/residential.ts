import { foreignV4, homeV4, mobileV4 } from '../addresses.ts';
import { below, type Stream } from '../random.ts';
import type { Population } from '../population.ts';

/** Addresses of other people's machines: 5 % shared with mobile users, 1 % a user's home, 20 % beside users' homes, 74 % elsewhere. */
export function residential(population: Population, next: Stream, count: number): readonly string[] {
  return Array.from({ length: count }, () => one(population, next));
}

function one(population: Population, next: Stream): string {
  const luck = next();
  if (luck < 0.05) return mobileV4(next);
  if (luck < 0.06) return population.homes[below(next, population.accounts)] as string;
  return luck < 0.26 ? homeV4(next) : foreignV4(next);
}
