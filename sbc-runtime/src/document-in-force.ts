/** The document that the runtime serves by: replaced whole, or refused with a reason and the one before it put back whole. */
import type { Problem, Refusal, RoutingState } from '@teams-sbc/crds/runtime';
import {
  afterReplacement,
  formerRules,
  stillNeeded,
  withFormer,
  type FormerTrunk,
  type TrunkUse,
} from './former-trunks.ts';
import { chooseCertificates, type RefusedCertificate } from './certificate-choice.ts';
import type { Clock } from './kernel/clock.ts';
import { KeptFilesTeller } from './kept-files.ts';
import { SbcError } from './kernel/error.ts';
import type { Log } from './kernel/log.ts';
import {
  DocumentReader,
  type Directories,
  type LoadedDocument,
  type RefusedDocument,
} from './settings/document-files.ts';
import { fatalTlsProblems, tlsSources } from './tls-sources.ts';
import type { AdmissionPolicy } from './transport/admission.ts';
import type { TlsMaterial } from './transport/tls-material.ts';
import type { TransportLayer } from './transport/transport-layer.ts';

export interface DocumentInForceDeps {
  readonly directories: Directories;
  /** In force already. */
  readonly first: LoadedDocument;
  /** Of this pod. */
  readonly ordinal: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { documentLoaded(isAccepted: boolean): void };
  readonly tls: Pick<TlsMaterial, 'replace'>;
  readonly admission: Pick<AdmissionPolicy, 'replace'>;
  readonly transports: Pick<TransportLayer, 'reload'>;
  readonly calls: { apply(state: RoutingState): void; trunksInUse(): ReadonlyMap<string, number> };
  /** There is a newer one that does not name this pod: the one in force stays, for the calls that are left. */
  readonly onOutlived: (newer: RoutingState) => void;
  /** A document was put in force. */
  readonly onReplaced: (document: LoadedDocument) => void;
  /** Secrets that hold worse than what serves; told at each look that finds some, and once none is left. */
  readonly onCertificatesRefused: (refused: readonly RefusedCertificate[]) => void;
  /** Messages that wait come in between. @default they wait */
  readonly nextTurn?: () => Promise<unknown>;
}

/** What is in force: a document, and the trunks of earlier ones that still have calls. */
interface InForce {
  readonly document: LoadedDocument;
  readonly former: readonly FormerTrunk[];
}

export class DocumentInForce {
  readonly #deps: DocumentInForceDeps;
  readonly #logins: KeptFilesTeller;
  readonly #bundles: KeptFilesTeller;
  #inForce: InForce;
  #refusal: Refusal | undefined;
  #sourceRefusal: Refusal | undefined;
  /** Of what was last taken or refused for good; undefined: what is there is tried again at the next look. */
  readonly #reader: DocumentReader;
  #seenFingerprint: string | undefined;
  /** A Secret is refused: the dates of the one that serves go by without anything being written. */
  #isChoiceOpen = false;
  #isLooking = false;
  #mayHaveChanged = false;

  constructor(deps: DocumentInForceDeps) {
    this.#deps = deps;
    this.#logins = new KeptFilesTeller(deps.log, 'login');
    this.#bundles = new KeptFilesTeller(deps.log, 'trust bundle');
    this.#inForce = { document: deps.first, former: [] };
    this.#seenFingerprint = deps.first.fingerprint;
    this.#reader = new DocumentReader(deps.directories, () => this.#inForce.document);
  }

  get document(): LoadedDocument {
    return this.#inForce.document;
  }

  /** Of the document that is there and not in force, or could not even be brought here. */
  get refusal(): Refusal | undefined {
    return this.#sourceRefusal ?? this.#refusal;
  }

  /** Why the newest document does not arrive; undefined: whatever there is arrives. */
  sourceRefused(refused: RefusedDocument | undefined): void {
    if (refused === undefined) {
      this.#sourceRefusal = undefined;
      return;
    }
    if (!isSame(this.#sourceRefusal, refused)) this.#sourceRefusal = this.#told(refused);
  }

  /** Cheap where nothing has changed. Called every few seconds: also to let go of what calls that are over have left. */
  async look(): Promise<void> {
    // What changes while we read is read again: the first look may have missed half of it.
    this.#mayHaveChanged = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#letGo();
      while (this.#mayHaveChanged) {
        this.#mayHaveChanged = false;
        await this.#loadIfChanged();
      }
    } catch (error) {
      this.#deps.log.error('Cannot look for a new document', { error: textOf(error) });
    } finally {
      this.#isLooking = false;
    }
  }

  async #loadIfChanged(): Promise<void> {
    const loaded = this.#reader.read();
    if (loaded.ok) this.#logins.tell(loaded.document.keptLogins ?? []);
    const fingerprint = loaded.ok ? loaded.document.fingerprint : loaded.fingerprint;
    const isSeen = fingerprint === this.#seenFingerprint;
    if (isSeen && !(loaded.ok && this.#isChoiceOpen)) return;
    this.#seenFingerprint = fingerprint;
    if (!loaded.ok) {
      this.#refuse(loaded.refusal);
      return;
    }
    await this.#deps.nextTurn?.();
    if (!loaded.document.state.pods.some(({ ordinal }) => ordinal === this.#deps.ordinal)) {
      if (!isSeen) this.#outlive(loaded.document.state);
      return;
    }
    const document = this.#withChosen(loaded.document);
    const isInForce = document.fingerprint === this.#inForce.document.fingerprint;
    if (isInForce && (isSeen || this.#refusal === undefined)) return;
    await this.#judge(document);
  }

  /** Fewer replicas: its names, and the certificate for them, are what its last calls need. */
  #outlive(newer: RoutingState): void {
    this.#refusal = undefined;
    this.#deps.log.info('The routing state names this pod no more: it goes on by the last one that did');
    this.#deps.onOutlived(newer);
  }

  #withChosen(loaded: LoadedDocument): LoadedDocument {
    const { clock, ordinal, onCertificatesRefused } = this.#deps;
    const at = { ordinal, nowMs: clock.wallMs() };
    const { document, refused, keptBundles } = chooseCertificates(loaded, this.#inForce.document, at);
    this.#bundles.tell(keptBundles);
    if (this.#isChoiceOpen || refused.length > 0) onCertificatesRefused(refused);
    this.#isChoiceOpen = refused.length > 0;
    return document;
  }

  async #judge(document: LoadedDocument): Promise<void> {
    const { clock, ordinal, nextTurn } = this.#deps;
    const problems = fatalTlsProblems(tlsSources(document, ordinal), clock.wallMs());
    if (problems.length > 0) this.#refuse({ hash: document.hash, problems });
    else {
      await nextTurn?.();
      await this.#replaceBy(document);
    }
  }

  async #replaceBy(document: LoadedDocument): Promise<void> {
    const before = this.#inForce;
    try {
      const next = { document, former: afterReplacement(before.former, before.document, document, this.#use()) };
      await this.#put(next);
      this.#inForce = next;
      this.#replaced(before.document);
    } catch (error) {
      // Perhaps for a moment alone, as a port that somebody else still has: the next look tries again.
      this.#seenFingerprint = undefined;
      this.#refuse({ hash: document.hash, problems: [problemOf(error)] });
      await this.#putBack(before);
    }
  }

  /** Certificates and ranges first, for listeners and connections are judged by them; calls last. */
  async #put(next: InForce): Promise<void> {
    const { admission, transports, calls } = this.#deps;
    const { state } = next.document;
    admission.replace(state, formerRules(next.former));
    this.#putTls(next);
    await transports.reload(state.listeners);
    calls.apply(state);
  }

  /** Nothing half done: names, ranges, certificates and listeners go back to what they were. */
  async #putBack(before: InForce): Promise<void> {
    try {
      await this.#put(before);
    } catch (error) {
      this.#deps.log.error('The document before it could not be put back whole', { error: textOf(error) });
    }
  }

  #putTls({ document, former }: InForce): void {
    const { tls, clock, ordinal } = this.#deps;
    tls.replace(withFormer(tlsSources(document, ordinal), former), clock.wallMs());
  }

  #replaced(before: LoadedDocument): void {
    const { log, metrics, onReplaced } = this.#deps;
    const { document, former } = this.#inForce;
    this.#refusal = undefined;
    metrics.documentLoaded(true);
    onReplaced(document);
    const { engine } = document.state.media;
    if (engine !== before.state.media.engine)
      log.warn('The media engine changes when this process starts again', { engine });
    log.info('Document in force', {
      hash: document.hash,
      trunks: document.state.trunks.length,
      ...(former.length === 0 ? {} : { formerTrunks: former.map(({ trunk }) => trunk.name).join(', ') }),
    });
  }

  async #letGo(): Promise<void> {
    const { document, former } = this.#inForce;
    if (former.length === 0) return;
    const left = stillNeeded(former, this.#use());
    this.#inForce = { document, former: left };
    if (left.length === former.length) return;
    this.#deps.admission.replace(document.state, formerRules(left));
    this.#putTls(this.#inForce);
    await this.#deps.transports.reload(document.state.listeners);
    this.#deps.log.info('The last calls of an earlier document are over', { trunks: former.length - left.length });
  }

  #use(): TrunkUse {
    return { trunksInUse: this.#deps.calls.trunksInUse(), nowMs: this.#deps.clock.nowMs() };
  }

  #refuse(refused: RefusedDocument): void {
    // Tried again and again for the same reason: that was said.
    if (!isSame(this.#refusal, refused)) this.#refusal = this.#told(refused);
  }

  #told(refused: RefusedDocument): Refusal {
    const { clock, log, metrics } = this.#deps;
    const problems = refused.problems.slice(0, 32).map((problem) => ({ ...problem }));
    metrics.documentLoaded(false);
    log.error('Document refused, the one before it keeps serving', {
      hash: refused.hash,
      problem: problems[0]?.message,
      problems: problems.length,
    });
    const at = new Date(clock.wallMs()).toISOString();
    return { ...(refused.hash === undefined ? {} : { hash: refused.hash }), problems, at };
  }
}

function isSame(refusal: Refusal | undefined, { hash, problems }: RefusedDocument): boolean {
  return refusal !== undefined && refusal.hash === hash && refusal.problems[0]?.message === problems[0]?.message;
}

function problemOf(error: unknown): Problem {
  const message = textOf(error);
  return error instanceof SbcError && error.code === 'SBC_LISTEN'
    ? { path: 'listeners', message, found: message, allowed: 'a free port' }
    : { path: '', message, found: message, allowed: 'a document that this process can serve by' };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
