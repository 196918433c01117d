/** The operator in a cluster. The one file of its process that reads the environment, hears signals and exits. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { jsonLog } from '../frame/json-log.ts';
import { OperatorMetrics } from '../frame/operator-metrics.ts';
import { sleep, systemClock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { systemRandom } from '../kernel/random.ts';
import { ApiError, ConnectionError } from '../kube/api-error.ts';
import type { OperatorArguments } from './arguments.ts';
import { operatorHelp, parseArguments } from './arguments.ts';
import { TeamsSbcOperator } from './teams-sbc-operator.ts';

const leaseName = 'teams-sbc-operator';
/** Between questions at the start, the last one again and again: the kubelet would make minutes of it, and the API server is back long before. */
const pausesMs = [500, 1000, 2000];
/** An API server that just starts does not know its own roles yet; after so many, the credentials are wrong. */
const allowedRefusals = 5;

const entropy = { hex: (bytes: number) => randomBytes(bytes).toString('hex') };

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function compose(args: OperatorArguments, log: Log): TeamsSbcOperator {
  const { namespaces, leaderElectionNamespace: namespace } = args;
  const [only, ...others] = namespaces;
  return new TeamsSbcOperator({
    clock: systemClock,
    random: systemRandom,
    log,
    metrics: new OperatorMetrics(),
    identity: `${process.env['POD_NAME'] ?? hostname()}_${entropy.hex(6)}`,
    ...(namespace === undefined ? {} : { lease: { namespace, name: leaseName } }),
    ...(only !== undefined && others.length === 0 ? { namespace: only } : {}),
    health: { host: process.env['HEALTH_HOST'] ?? '0.0.0.0', port: args.healthPort },
    // Crash-only: nothing that another process may hold now is written after this.
    onLost: (reason) => fail(`The lease is lost: ${reason}`),
    namespaces,
    workers: args.workers,
    recheckMs: args.recheckSeconds * 1000,
    reportMs: args.reportSeconds * 1000,
    entropy,
    images: { runtime: args.imageRuntime, rtpengine: args.imageRtpengine },
  });
}

/** Ends the process where the start cannot work; the API server and CRDs may come later. */
async function check(operator: TeamsSbcOperator, log: Log): Promise<void> {
  let refusals = 0;
  let complaint = '';
  for (let attempt = 0; ; attempt++) {
    try {
      if (await operator.isInstalled()) return;
      log.warn(
        'The CustomResourceDefinitions are not installed: waiting for kubectl apply -k config/crd, or the chart',
      );
      return;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const isAway = error instanceof ConnectionError || (error instanceof ApiError && !isRefusal(error));
      if (!isAway && ++refusals > allowedRefusals) fail(`Cannot reach the API server: ${message}`);
      if (message !== complaint) log.warn('The API server does not answer yet', { error: message });
      complaint = message;
      await sleep(systemClock, pausesMs[Math.min(attempt, pausesMs.length - 1)] ?? 0);
    }
  }
}

const isRefusal = ({ code }: ApiError) => code === 401 || code === 403;

async function run(args: OperatorArguments): Promise<void> {
  const log = jsonLog({ clock: systemClock, destination: process.stdout, level: args.logLevel });
  const operator = compose(args, log);
  let isStopping = false;
  const stop = (signal: string) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info('Stopping', { signal });
    operator.shutDown().then(
      () => process.exit(0),
      (error: unknown) => fail(`Cannot stop in order: ${String(error)}`),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  await operator.listen();
  await check(operator, log);
  await operator.start();
  log.info('Started', { healthPort: operator.healthPort, namespaces: args.namespaces.join(',') || 'all' });
}

const parsed = parseArguments(process.argv.slice(2));
switch (parsed.kind) {
  case 'Help':
    process.stdout.write(operatorHelp);
    break;
  case 'Wrong':
    process.stderr.write(`${parsed.message}: see --help\n`);
    process.exitCode = 2;
    break;
  case 'Run':
    run(parsed.arguments).catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
    break;
}
