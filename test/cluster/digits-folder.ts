import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digits } from './steady-load.ts';

/** A volume's folder with the model digits, without versions at first. They appear as a whole, as careful people copy them. */
export class DigitsFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'modelserver-volume-'));

  constructor() {
    mkdirSync(join(this.path, 'digits'));
  }

  /** @param original which of the examples it is */
  copy(version: number, original = version): void {
    cpSync(join(digits, `models/digits/${original}`), this.#hidden(version), { recursive: true });
    this.#show(version);
  }

  /** One that no server can load. */
  addBroken(version: number): void {
    mkdirSync(this.#hidden(version));
    writeFileSync(join(this.#hidden(version), 'digits.xml'), '<net>');
    this.#show(version);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #hidden(version: number): string {
    return join(this.path, `digits/.${version}`);
  }

  #show(version: number): void {
    renameSync(this.#hidden(version), join(this.path, `digits/${version}`));
  }
}
