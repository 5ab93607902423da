/**
 * Records what the real server says of its models in each situation, as the operator hears it, in test/operator/recorded. To be
 * run when it says something new, and read before it is committed. Arguments are names of situations; all unless given.
 */
import { record, saveRecording } from './recording.ts';
import { situations } from './situations.ts';

const names = process.argv.slice(2);
for (const situation of situations) {
  if (names.length > 0 && !names.includes(situation.name)) continue;
  process.stdout.write(`${situation.name}\n`);
  saveRecording(await record(situation));
}
