/** The runtime on real sockets and files: the call system of `compose.ts` between the transport room and RTPEngine, kept up to date by the mounted document. */
import { adminRoutes } from './admin-routes.ts';
import { keepCalls, type KeptCalls } from './call-journal.ts';
import { CertificateWatch } from './certificate-watch.ts';
import { composeCalls, type CallSystem } from './compose.ts';
import { DocumentInForce } from './document-in-force.ts';
import { DrainDeadline } from './drain-deadline.ts';
import { firstDocument, type FirstDocument } from './first-document.ts';
import type { Clock } from './kernel/clock.ts';
import type { Random } from './kernel/random.ts';
import { inNextTurn } from './kernel/system-clock.ts';
import { AdminSocket } from './observability/admin-socket.ts';
import { CallRecords } from './observability/call-records.ts';
import { HttpEndpoints } from './observability/http-endpoints.ts';
import type { JsonLog } from './observability/json-log.ts';
import { PrometheusMetrics } from './observability/prometheus-metrics.ts';
import { StatusEndpoint } from './observability/status-endpoint.ts';
import { TraceRing } from './observability/trace-ring.ts';
import type { RuntimeOptions } from './options.ts';
import { buildRelay, type RelayHandle } from './relay.ts';
import { runtimeReport, runtimeSummary, type ReportSources } from './runtime-report.ts';
import type { Directories, LoadedDocument, RefusedDocument } from './settings/document-files.ts';
import { DocumentWatch } from './settings/document-watch.ts';
import { watchedFolders } from './settings/watched-folders.ts';
import { tlsSources } from './tls-sources.ts';
import { AdmissionPolicy } from './transport/admission.ts';
import { HostsFile } from './transport/hosts-file.ts';
import { canTapHandshakes } from './transport/handshake-tap.ts';
import { NameResolver } from './transport/resolver.ts';
import { systemLookup } from './transport/system-lookup.ts';
import { TlsMaterial } from './transport/tls-material.ts';
import { TransportLayer } from './transport/transport-layer.ts';
import { traceInto } from './tracing.ts';

export interface RuntimeDeps {
  readonly options: RuntimeOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: JsonLog;
  readonly version: string;
  /** PEM file of the preset `MicrosoftTeams`. */
  readonly microsoftRoots: string;
  /** Writes the directories, where they do not come from elsewhere; runs already, and is closed with the runtime. */
  readonly mirror?: RuntimeMirror | undefined;
}

/** What the runtime wants of a mirror; `mirror-source.ts`. */
export interface RuntimeMirror {
  /** Where the document in force is kept for a start after this one. */
  readonly accepted: Directories;
  keepAccepted(document: LoadedDocument): void;
  tellRefusals(onRefusal: (refused: RefusedDocument | undefined) => void): void;
  tellWrites(onWritten: () => void): void;
  close(): void;
}

interface StatusParts {
  readonly endpoint: StatusEndpoint;
  /** Of its mounted Secret. */
  readonly watch: DocumentWatch;
  readonly folder: string;
}

/** After the last call: what is still being said (a 200 to a BYE, an ACK) gets this long to leave. */
const FAREWELL_MS = 500;

export class Runtime {
  readonly #deps: RuntimeDeps;
  readonly #directories: Directories;
  readonly #metrics = new PrometheusMetrics();
  readonly #records = new CallRecords();
  readonly #ring = new TraceRing();
  readonly #tls = new TlsMaterial();
  readonly #certificates: CertificateWatch;
  readonly #admission: AdmissionPolicy;
  readonly #transports: TransportLayer;
  readonly #relay: RelayHandle;
  readonly #kept: KeptCalls;
  readonly #calls: CallSystem;
  readonly #watch: DocumentWatch;
  readonly #http: HttpEndpoints;
  readonly #admin: AdminSocket;
  readonly #status: StatusParts | undefined;
  readonly #document: DocumentInForce;
  readonly #deadline: DrainDeadline;

  /** Reads the document and builds everything; nothing listens yet. Throws `SBC_DOCUMENT` where the first document cannot be used. */
  constructor(deps: RuntimeDeps) {
    const { options, clock, random, log } = deps;
    this.#deps = deps;
    this.#directories = directoriesOf(options, deps.microsoftRoots);
    const longestSeconds = options.longestDrainSeconds;
    this.#deadline = new DrainDeadline({ clock, longestSeconds, onOver: () => this.endCalls() });
    const { document: first, ordinal } = this.#firstDocument();
    const { state } = first;
    log.setLevel(state.logLevel);
    this.#certificates = new CertificateWatch({ clock, log });
    this.#putFirstTls(first, ordinal);
    this.#admission = new AdmissionPolicy({ rules: state, roots: (bundle) => this.#tls.roots(bundle) });
    this.#transports = this.#buildTransports();
    const metrics = this.#metrics;
    this.#relay = buildRelay(state.media.engine, { ...deps, metrics, relay: options.relay, podName: options.podName });
    this.#kept = keepCalls(options.journalDirectory, { clock, log, nextTurn: () => new Promise<void>(inNextTurn) });
    this.#calls = composeCalls({
      transports: this.#transports,
      relay: this.#relay.relay,
      clock,
      random,
      log,
      metrics,
      records: this.#records,
      journal: this.#kept.journal,
      state,
      podName: options.podName,
      bindAddress: options.bindAddress,
      userAgent: `teams-sbc/${deps.version}`,
      probe: { ask: (answered) => this.#transports.probeQueues(answered) },
      credentials: (trunk) => this.#document.document.logins.get(trunk),
    });
    this.#document = this.#keepDocument(first, ordinal);
    this.#watch = new DocumentWatch({ clock, log, onMayHaveChanged: () => void this.#document.look() });
    this.#http = this.#buildHttp();
    this.#admin = this.#buildAdmin();
    this.#status = this.#buildStatus();
    deps.mirror?.tellRefusals((refused) => this.#document.sourceRefused(refused));
    deps.mirror?.tellWrites(() => this.#watch.mayHaveChanged());
    this.#exportGauges();
  }

  #firstDocument(): FirstDocument {
    const { options, clock, log, mirror } = this.#deps;
    const first = firstDocument({
      ...{ directories: this.#directories, accepted: mirror?.accepted },
      ...{ podName: options.podName, wallMs: clock.wallMs() },
    });
    if (first.refused !== undefined)
      log.error('Starting with the last document that was in force, for the newest one is refused', {
        problem: first.refused,
      });
    mirror?.keepAccepted(first.document);
    return first;
  }

  #buildTransports(): TransportLayer {
    const { options, clock, random, log } = this.#deps;
    const { bindAddress } = options;
    const resolver = new NameResolver({
      clock,
      random,
      hosts: new HostsFile({ path: options.hostsFile, clock }),
      lookup: systemLookup(),
      family: bindAddress.includes(':') ? 6 : 4,
    });
    const tracer = traceInto(this.#ring, clock);
    const [metrics, admission, tls] = [this.#metrics, this.#admission, this.#tls];
    const shared = { bindAddress, clock, random, log, metrics, tracer, resolver, admission, tls };
    return new TransportLayer({ ...shared, inNextTurn, onHandshake: (hop, end) => this.#calls.handshaken(hop, end) });
  }

  #keepDocument(first: LoadedDocument, ordinal: number): DocumentInForce {
    const { clock, log } = this.#deps;
    return new DocumentInForce({
      ...{ first, ordinal, clock, log },
      directories: this.#directories,
      metrics: this.#metrics,
      tls: this.#tls,
      admission: this.#admission,
      transports: this.#transports,
      calls: this.#calls,
      nextTurn: () => new Promise<void>(inNextTurn),
      onOutlived: ({ drain }) => this.#deadline.change(drain.timeoutSeconds),
      onReplaced: (document) => {
        log.setLevel(document.state.logLevel);
        this.#deadline.change(document.state.drain.timeoutSeconds);
        this.#certificates.load(tlsSources(document, ordinal).certificates);
        this.#watch.watchOnly(this.#folders());
        this.#deps.mirror?.keepAccepted(document);
      },
      onCertificatesRefused: (refused) => this.#certificates.keepInsteadOf(refused),
    });
  }

  #buildHttp(): HttpEndpoints {
    const { options, clock, log } = this.#deps;
    const unreadyReasons = (): string[] => this.#unreadyReasons();
    const [address, port, metrics] = [options.bindAddress, options.httpPort, this.#metrics];
    return new HttpEndpoints({ address, port, unreadyReasons, metrics, clock, log });
  }

  #buildAdmin(): AdminSocket {
    const { options, clock, log } = this.#deps;
    const routes = adminRoutes({
      records: this.#records,
      ring: this.#ring,
      report: () => this.#report(),
      drain: () => this.drain(() => undefined),
      nextTurn: () => new Promise(inNextTurn),
    });
    return new AdminSocket({ path: options.adminSocket, routes, clock, log });
  }

  #buildStatus(): StatusParts | undefined {
    const { options, clock, log } = this.#deps;
    if (options.status === undefined) return undefined;
    const { port, directory } = options.status;
    const endpoint = new StatusEndpoint({
      ...{ address: options.bindAddress, port, directory, clock, log },
      report: () => this.#report(),
      summary: () => runtimeSummary(this.#reportSources()),
      endCalls: () => this.#hurry(),
    });
    const watch = new DocumentWatch({ clock, log, onMayHaveChanged: () => endpoint.reload() });
    return { endpoint, watch, folder: directory };
  }

  /** Listens, or throws an `SbcError` that says what is in the way. */
  async start(): Promise<void> {
    const endOthers = this.#calls.takeOver(this.#kept.takeFound());
    await this.#transports.start(this.#document.document.state.listeners);
    await this.#http.start();
    await this.#admin.start();
    await this.#status?.endpoint.start();
    this.#status?.watch.start([this.#status.folder]);
    endOthers();
    this.#relay.start();
    this.#watch.start(this.#folders());
    // What came between the first document and the watch, or is there and refused, is looked at too.
    this.#watch.mayHaveChanged();
    if (!canTapHandshakes())
      this.#deps.log.warn(
        'Cannot look at certificates before OpenSSL verifies them: this Node is not the one of package.json',
      );
    const addresses = this.#transports
      .boundAddresses()
      .map(({ protocol, address, port }) => `${protocol} ${address}:${port}`);
    this.#deps.log.info('Started', {
      pod: this.#deps.options.podName,
      hash: this.#document.document.hash,
      listening: addresses.join(', '),
    });
  }

  /** New INVITEs get 503, OPTIONS stop, calls finish; `onDone` once all is said, at the latest after the drain timeout. */
  drain(onDone: () => void): void {
    const { clock, log } = this.#deps;
    const { timeoutSeconds } = this.#document.document.state.drain;
    log.info('Draining', { calls: this.#calls.size().calls, timeoutSeconds });
    this.#deadline.start(timeoutSeconds);
    this.#calls.drain(() => {
      this.#deadline.cancel();
      clock.after(FAREWELL_MS, onDone);
    });
  }

  /** Ends every call at once. */
  endCalls(): void {
    this.#calls.endAll({ result: 'our-error', by: 'sbc', reason: 'drain-deadline', status: 503 });
  }

  /** A drain that somebody wants to be over; who does not drain ends no call. */
  #hurry(): boolean {
    if (!this.#calls.isDraining) return false;
    this.#deps.log.info('Ending all calls: somebody asked for it', { calls: this.#calls.size().calls });
    this.endCalls();
    return true;
  }

  async close(): Promise<void> {
    this.#deps.mirror?.close();
    this.#watch.close();
    this.#status?.watch.close();
    this.#certificates.close();
    this.#calls.stop();
    this.#relay.close();
    await Promise.all([
      this.#transports.close(),
      this.#http.close(),
      this.#admin.close(),
      this.#status?.endpoint.close(),
      this.#kept.close(),
    ]);
  }

  #putFirstTls(document: LoadedDocument, ordinal: number): void {
    const { clock } = this.#deps;
    const sources = tlsSources(document, ordinal);
    this.#tls.replace(sources, clock.wallMs());
    this.#certificates.load(sources.certificates);
  }

  #unreadyReasons(): string[] {
    const reasons: string[] = [];
    if (this.#calls.isDraining) reasons.push('draining');
    if (!this.#relay.relay.available) reasons.push('RTPEngine does not answer');
    return reasons;
  }

  #report(): ReturnType<typeof runtimeReport> {
    return runtimeReport(this.#reportSources());
  }

  #reportSources(): ReportSources {
    const { clock, options, version } = this.#deps;
    return {
      version,
      podName: options.podName,
      bindAddress: options.bindAddress,
      document: this.#document.document,
      refusal: this.#document.refusal,
      calls: this.#calls,
      relayAnswers: this.#relay.relay.available,
      drainEndsAtMs: this.#deadline.endsAtMs,
      certificates: () => this.#certificates.reports(),
      toWallMs: (nowMs) => clock.wallMs() - clock.nowMs() + nowMs,
    };
  }

  #folders(): string[] {
    const { state, secrets, trust } = this.#directories;
    // A mirror says itself what it writes.
    if (this.#deps.mirror !== undefined) return [state, secrets, trust];
    return watchedFolders(this.#document.document.state, this.#directories);
  }

  #exportGauges(): void {
    this.#metrics.gaugesFrom({
      activeCalls: () => this.#calls.size().calls,
      transactions: () => this.#calls.size().transactions,
      dialogs: () => this.#calls.size().legs,
      connections: () => this.#transports.connections,
      relayAvailable: () => this.#relay.relay.available,
      draining: () => this.#calls.isDraining,
      overloaded: () => this.#calls.isOverloaded,
      journalWritable: () => this.#kept.isWritable,
      certificateExpirySeconds: () => this.#certificates.expirySeconds(),
    });
  }
}

export function directoriesOf(options: RuntimeOptions, microsoftRoots: string): Directories {
  return {
    state: options.stateDirectory,
    secrets: options.secretsDirectory,
    trust: options.trustDirectory,
    microsoftRoots,
  };
}
