/** A value that is no tensor of the type that is wanted. Each protocol has words of its own for it. */
export class NotNdarray extends Error {
  override readonly name = 'NotNdarray';
  /** What there was. */
  readonly actual: string;

  constructor(actual: string) {
    super(actual);
    this.actual = actual;
  }
}
