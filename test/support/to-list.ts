import { countStrings, type Strings, stringAt } from '../../src/server/model/strings.ts';

/** The strings one by one, to compare them. */
export function toList(strings: Strings): Buffer[] {
  return Array.from({ length: countStrings(strings) }, (_, i) => stringAt(strings, i));
}
