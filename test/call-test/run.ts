/** The test from its first step to its last: whatever happens, what it made is removed. */
import { CallGround } from './call-ground.ts';
import { makeCertificates } from './certificates.ts';
import { KubeApi } from './kube-api.ts';
import { SBC_FQDN, TEAMS_HOST } from './objects.ts';
import { StepFailed, type Report } from './report.ts';
import type { Settings } from './settings.ts';
import { TestCalls } from './test-calls.ts';

/** Resolves when all is over; the report has the verdict. */
export async function runCallTest(settings: Settings, report: Report, signal: AbortSignal): Promise<void> {
  const ends: (() => Promise<void>)[] = [];
  try {
    await steps(settings, { report, signal, ends });
  } catch (error) {
    report.failed(signal.aborted ? new StepFailed('The test was interrupted') : error);
  }
  for (const end of ends.toReversed()) await end().catch((error: unknown) => report.failed(error));
  report.end();
}

interface Run {
  readonly report: Report;
  readonly signal: AbortSignal;
  /** What is to be done at the end; the last first. */
  readonly ends: (() => Promise<void>)[];
}

async function steps(settings: Settings, { report, signal, ends }: Run): Promise<void> {
  const { namespace, name, pod, watchNamespaces } = settings;
  if (watchNamespaces.length > 0 && !watchNamespaces.includes(namespace))
    throw new StepFailed(
      `The operator serves ${watchNamespaces.join(', ')} (watchNamespaces), and this test runs in ${namespace}`,
      'Set callTest.namespace to one of them',
    );
  const certificates = await makeCertificates({ sbc: SBC_FQDN, teams: TEAMS_HOST }, Date.now());
  const calls = await TestCalls.open(pod.address, certificates, signal);
  ends.push(() => calls.close());
  report.ok(`Teams and a PBX are played by this pod, at ${pod.address}`);

  const ground = new CallGround(new KubeApi(settings), settings, signal);
  ends.push(async () => {
    await ground.remove();
    report.ok('All that the test made is deleted');
  });
  await ground.apply(certificates);
  report.ok(`SbcInstance ${name}, its trunks, Secret and ConfigMap are applied in namespace ${namespace}`);

  const startMs = performance.now();
  const address = await ground.untilReady();
  report.ok(`The SBC is ready after ${Math.round((performance.now() - startMs) / 1000)} s, at ${address}`);
  for (const from of ['teams', 'pbx'] as const) for (const words of await calls.call(from, address)) report.ok(words);
}
