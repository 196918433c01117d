/** Our own certificates, judged when they are loaded, once a day, and whenever somebody asks: time goes by without a reload. */
import type { X509Certificate } from 'node:crypto';
import { daysLeft, dnsNames, judgeCertificate, keyUsages, readChain } from '@teams-sbc/crds/runtime';
import type { CertificateFinding, CertificateReport } from '@teams-sbc/crds/runtime';
import type { RefusedCertificate } from './certificate-choice.ts';
import type { Clock, Timer } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import type { CertificateSource } from './transport/tls-material.ts';

interface Watched {
  readonly name: string;
  readonly chain: readonly X509Certificate[];
  readonly leaf: X509Certificate;
  /** That it should cover. */
  readonly names: readonly string[];
}

const DAY_MS = 86_400_000;
/** Of the report's schema. */
const MAX_NAMES = 256;
const MAX_USAGES = 32;
const MAX_MESSAGE = 4096;

export class CertificateWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  #watched: readonly Watched[] = [];
  #refused: readonly RefusedCertificate[] = [];
  #daily: Timer | undefined;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** What is in force from now on. Those that are new are told in the log, one line each. */
  load(sources: readonly CertificateSource[]): void {
    const before = new Set(this.#watched.map(({ leaf }) => leaf.fingerprint256));
    this.#watched = sources.flatMap(watched);
    for (const entry of this.#watched) if (!before.has(entry.leaf.fingerprint256)) this.#tell(entry);
    this.#daily ??= this.#clock.after(DAY_MS, () => this.#tellAll());
  }

  /** Secrets that hold worse than what is in force. Those that are new are told in the log, one line each. */
  keepInsteadOf(refused: readonly RefusedCertificate[]): void {
    const before = new Set(this.#refused.map(textOf));
    this.#refused = refused;
    for (const entry of refused)
      if (!before.has(textOf(entry)))
        this.#log.error('Certificate refused, the one before it stays in force', {
          certificate: entry.name,
          problem: entry.problem,
        });
  }

  close(): void {
    if (this.#daily !== undefined) this.#clock.cancel(this.#daily);
    this.#daily = undefined;
  }

  reports(): CertificateReport[] {
    const nowMs = this.#clock.wallMs();
    return this.#watched.map((entry) => {
      const { name, leaf } = entry;
      const usages = keyUsages(leaf);
      return {
        name,
        notAfter: leaf.validToDate.toISOString(),
        daysLeft: daysLeft(leaf, nowMs),
        names: dnsNames(leaf).slice(0, MAX_NAMES),
        ...(usages === undefined ? {} : { keyUsages: usages.slice(0, MAX_USAGES) }),
        findings: [...this.#refusals(name), ...this.#findings(entry)].map((finding) => ({
          ...finding,
          message: finding.message.slice(0, MAX_MESSAGE),
        })),
      };
    });
  }

  /** Seconds until each one ends, by its name; negative once it has. */
  expirySeconds(): [name: string, seconds: number][] {
    const nowMs = this.#clock.wallMs();
    return this.#watched.map(({ name, leaf }) => [name, (leaf.validToDate.getTime() - nowMs) / 1000]);
  }

  #tellAll(): void {
    this.#daily = this.#clock.after(DAY_MS, () => this.#tellAll());
    for (const entry of this.#watched) this.#tell(entry);
  }

  #tell(entry: Watched): void {
    const { name, leaf } = entry;
    const findings = this.#findings(entry);
    const facts = {
      certificate: name,
      notAfter: leaf.validToDate.toISOString(),
      daysLeft: daysLeft(leaf, this.#clock.wallMs()),
      ...(findings.length === 0
        ? {}
        : { findings: findings.map(({ code, message }) => `${code}: ${message}`).join('; ') }),
    };
    if (findings.some(({ severity }) => severity === 'error'))
      this.#log.error('Certificate in force, peers refuse it', facts);
    else if (findings.length > 0) this.#log.warn('Certificate in force, with warnings', facts);
    else this.#log.info('Certificate in force', facts);
  }

  #refusals(of: string): NonNullable<CertificateReport['findings']> {
    return this.#refused
      .filter(({ name }) => name === of)
      .map(({ problem }) => ({
        code: 'renewal-refused',
        severity: 'warning',
        message: `stays in force, for what its Secret holds now is worse: ${problem}`,
      }));
  }

  #findings({ chain, names }: Watched): readonly CertificateFinding[] {
    return judgeCertificate(chain, names, this.#clock.wallMs());
  }
}

/** None of one that cannot be read: it is not in force either. */
function watched({ name, chain: pem, names = [] }: CertificateSource): Watched[] {
  try {
    const chain = readChain(pem);
    return chain[0] === undefined ? [] : [{ name, chain, leaf: chain[0], names }];
  } catch {
    return [];
  }
}

const textOf = ({ name, problem }: RefusedCertificate): string => `${name} ${problem}`;
