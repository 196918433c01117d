/** Fewer replicas while a call is on the last pod: its name is in no routing state and no certificate any more, and the call ends as any other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PBX_NUMBER } from '../kit/ground.ts';
import type { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { FQDN, TeamsStage } from './calls/teams-stage.ts';
import { conditionIn } from './faults/stage.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';

const LAST = 'sbc-1.voice.example.com';

let cluster: ControlPlane;
let stage: TeamsStage;
let simulator: TeamsSimulator;
before(async () => {
  cluster = await startControlPlane({ name: 'fewer' });
  stage = await TeamsStage.raise(cluster);
  await stage.brings(await stage.pki.leaf({ names: [FQDN, LAST] }));
  await stage.pbxPhone();
  simulator = await stage.simulator(stage.dataCentres, { optionsPeriodMs: 0 });
  await stage.startOperator();
  await stage.applyAll();
  const spec = { replicas: 2, network: { mode: 'ClusterPod' }, drain: { timeoutSeconds: 3600 } };
  await stage.objects.patch('sbcinstances', 'sbc', { spec });
  await stage.objects.runsAnew();
  await stage.objects.says('sbcinstances', 'sbc', 'AddressesAssigned', 'True Assigned');
  await stage.objects.says('teamstrunks', 'teams', 'Reachable', 'True Reachable');
  await stage.writeDns();
});
after(() => cluster.stop());

const draining = async () => conditionIn(await stage.objects.get('sbcinstances', 'sbc'), 'Draining');

test('Teams hangs up over a new connection to the name that is leaving, and then the pod goes', async () => {
  const call = await simulator.call({ sbc: `${LAST}:5061`, to: PBX_NUMBER });
  await call.answered;
  await stage.objects.patch('sbcinstances', 'sbc', { spec: { replicas: 1 } });
  // As cert-manager does for fewer names.
  await stage.brings(await stage.pki.sbc(FQDN));
  await until(async () => /^sbc-1 has 1 call left/.test((await draining())?.message ?? ''), { what: 'Draining' });
  const log = join(cluster.logs, 'sbc-1-runtime.log');
  await until(() => Promise.resolve(readFileSync(log, 'utf8').includes('names this pod no more')), {
    what: 'the routing state without this pod',
  });
  assert.notEqual(stage.hosts[LAST], stage.hosts[FQDN]);
  // The simulator dials anew for it, and looks at the certificate.
  await call.bye();
  await until(async () => (await stage.objects.get('pods', 'sbc-1')) === undefined, { what: 'the end of sbc-1' });
  await stage.objects.says('sbcinstances', 'sbc', 'Draining', 'False NotDraining');
  await stage.objects.says('sbcinstances', 'sbc', 'Available', 'True Available');
});
