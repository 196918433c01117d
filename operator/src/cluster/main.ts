/** The operator in a cluster. The one file of its process that reads the environment, hears signals and exits. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { jsonLog } from '../frame/json-log.ts';
import { OperatorMetrics } from '../frame/operator-metrics.ts';
import { sleep, systemClock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { systemRandom } from '../kernel/random.ts';
import { ApiError } from '../kube/api-error.ts';
import type { OperatorArguments } from './arguments.ts';
import { operatorHelp, parseArguments } from './arguments.ts';
import { TeamsSbcOperator } from './teams-sbc-operator.ts';

const leaseName = 'teams-sbc-operator';
/** A start while the API server itself starts is nothing strange; after these the kubelet's back-off is the better one. */
const pausesMs = [500, 1000, 2000, 4000];

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
    entropy,
    images: { runtime: args.imageRuntime, rtpengine: args.imageRtpengine },
  });
}

/** Ends the process where the start cannot work; CRDs may come later. */
async function check(operator: TeamsSbcOperator, log: Log): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      if (await operator.isInstalled()) return;
      log.warn(
        'The CustomResourceDefinitions are not installed: waiting for kubectl apply -k config/crd, or the chart',
      );
      return;
    } catch (error) {
      const pauseMs = pausesMs[attempt];
      const message = error instanceof Error ? error.message : String(error);
      if (pauseMs === undefined || (error instanceof ApiError && (error.code === 401 || error.code === 403)))
        fail(`Cannot reach the API server: ${message}`);
      log.warn('The API server does not answer yet', { error: message });
      await sleep(systemClock, pauseMs);
    }
  }
}

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
