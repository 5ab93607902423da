import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecordings, record } from './recording.ts';
import { briefAnswer, configOf, type Moment } from './scene.ts';
import { situations } from './situations.ts';

const recordings = new Map(readRecordings().map((recording) => [recording.name, recording]));

test('each situation has a recording, and each recording a situation', () => {
  assert.deepEqual([...recordings.keys()].toSorted(), situations.map(({ name }) => name).toSorted());
});

for (const situation of situations) {
  test(`the server still says what was recorded: ${situation.name}`, async () => {
    const recorded = recordings.get(situation.name) ?? assert.fail('there is no recording');
    const fresh = await record(situation);
    assert.equal(recorded.what, situation.what);
    assert.deepEqual(fresh.moments.map(essence), recorded.moments.map(essence));
  });
}

/** What must not differ from one run to the next; in messages, numbers may. */
function essence({ when, models, config, ready, answers }: Moment) {
  const messages = Object.values(answers).flatMap((answer) =>
    answer.kind === 'versions' ? answer.versions.map(({ errorMessage }) => errorMessage.replaceAll(/\d+/g, 'N')) : [],
  );
  const states = Object.entries(answers).map(([name, answer]) => `${name}: ${briefAnswer(answer)}`);
  const told = Object.entries(answers).map(([name, answer]) => [name, configOf(answer)]);
  return { when, models, config, told, ready, states, messages };
}
