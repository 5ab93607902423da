/** Writes what the operator makes of some examples to test/operator/rendered. To be read before it is committed. */
import { renderedExamples, saveRendering } from './rendering.ts';

for (const example of renderedExamples) saveRendering(example);
