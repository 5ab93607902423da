import type { TestEvent } from 'node:test/reporters';

/** A reporter that prints each skipped test with its reason and, last, one line that counts them all. */
export default async function* summary(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0;
  let failed = 0;
  const skipped: string[] = [];
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { details, name, skip } = event.data;
    if (details.type === 'suite' && skip === undefined) continue;
    if (event.type === 'test:fail') failed++;
    else if (skip === undefined) passed++;
    else skipped.push(`skipped: ${name} - ${skip}`);
  }
  for (const line of skipped) yield `${line}\n`;
  yield `${passed} passed, ${failed} failed, ${skipped.length} skipped\n`;
}
