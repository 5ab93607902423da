import { type Clock, type Timer, wallTime } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Credentials } from '../security/credentials.ts';
import type { Renewed } from '../security/renewed.ts';

/** Those that renew certificates do so well before; where nobody has, a week is enough to act. */
const longestNoticeMs = 7 * 24 * 3_600_000;
/** Of a certificate's lifetime, where that is short. */
const noticeShare = 0.2;

const betweenLooksMs = 60_000;

interface Watched {
  readonly name: string;
  readonly credentials: Renewed<Credentials>;
  /** What was said last, so that it is said once. */
  said: string;
}

/** Tells the log, once each, of certificates that will soon expire and of those that have. */
export class ExpiryLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #watched: Watched[] = [];
  #timer: Timer | undefined;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** @param name of the interface that they serve */
  watch(name: string, credentials: Renewed<Credentials>): void {
    this.#watched.push({ name, credentials, said: '' });
    this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    for (const watched of this.#watched) {
      const { current } = watched.credentials;
      const { serial, expiresAt } = current;
      const text = remark(current, wallTime());
      const said = text && `${serial} ${text}`;
      if (said && said !== watched.said) {
        const fields = { interface: watched.name, serial, expires: new Date(expiresAt).toISOString() };
        if (wallTime() >= expiresAt) this.#log.error(fields, text);
        else this.#log.warn(fields, text);
      }
      watched.said = said;
    }
    this.#timer?.cancel();
    this.#timer = this.#clock.after(betweenLooksMs, () => this.#look());
  }
}

/**
 * What there is to say of a certificate's time.
 * @param now milliseconds since 1970
 * @returns nothing as long as all is well
 */
export function remark({ validFrom, expiresAt }: Pick<Credentials, 'validFrom' | 'expiresAt'>, now: number): string {
  if (now >= expiresAt) return 'The certificate has expired: clients refuse it';
  if (now < validFrom) return 'The certificate is not valid yet: clients refuse it';
  const notice = Math.min(longestNoticeMs, (expiresAt - validFrom) * noticeShare);
  return now >= expiresAt - notice ? 'The certificate expires soon' : '';
}
