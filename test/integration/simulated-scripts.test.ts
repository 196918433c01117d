/** Every example script of the simulator against the whole product: what Microsoft does, and a phone at the PBX. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Baresip } from '../kit/baresip.ts';
import { FQDN, PBX_HERTZ, PBX_NUMBER, TEAMS_NUMBER } from '../kit/ground.ts';
import { RunningProcess } from '../kit/process.ts';
import { table, type Finding } from '../teams-simulator/requirements/examine.ts';
import { runScript } from '../teams-simulator/script/script-run.ts';
import { readScript, type Script } from '../teams-simulator/script/script.ts';
import { layGround, raiseSimulatedStage } from './local-stage.ts';

const FOLDER = join(import.meta.dirname, '..', 'teams-simulator', 'scripts');
const VARIABLES = { sbc: `${FQDN}:5061`, number: PBX_NUMBER, user: TEAMS_NUMBER };
/** Has a stage of its own. */
const DEMOTION = 'demotion.yaml';
/** The SBC does not take REFER and Replaces yet; simulated-transfers.test.ts plays them. */
const LATER = ['transfer.yaml', 'replaces.yaml'];

/** Demands that we do not keep yet. Any other that a script shows broken fails it, whatever the script is about. */
const KNOWN_BROKEN = ['R-13'];

const load = (file: string): Script => readScript(readFileSync(join(FOLDER, file), 'utf8'));

/** What a script asks of the PBX, by name. */
const prompts: Readonly<Record<string, (pbx: Baresip, sbc: string) => Promise<unknown>>> = {
  'pbx-calls': (pbx, sbc) => pbx.dial(`sip:${TEAMS_NUMBER}@${sbc}`),
  'pbx-answers': (pbx) => pbx.answer(),
  'pbx-holds': (pbx) => pbx.command('hold'),
  'pbx-hangs-up': (pbx) => pbx.hangUp(),
};

test('the example scripts play against the SBC', async (t) => {
  const { simulator, ground } = await raiseSimulatedStage(t, { simulator: { optionsPeriodMs: 60_000 } });
  const { sbc, pbx: address } = ground.at;
  const pbx = await Baresip.start({
    name: 'PBX baresip',
    directory: ground.below('pbx'),
    address,
    accounts: [`sip:${PBX_NUMBER}@${address}`],
    outbound: `sip:${sbc}:5060;transport=udp`,
    tone: ground.tone('pbx', PBX_HERTZ),
    answers: 'by command',
  });
  ground.endsWith(() => pbx.stop());
  // A target that Retry-After holds is not asked for a while, hence last.
  const last = ['unavailable.yaml'];
  const first = ['options.yaml'];
  const others = readdirSync(FOLDER).filter((file) => ![...first, ...last, ...LATER, DEMOTION].includes(file));
  for (const file of [...first, ...others, ...last]) {
    const script = load(file);
    await t.test(`${file}: ${script.name}`, async () => {
      if (!first.includes(file)) simulator.log.clear();
      const report = await runScript(script, {
        simulator,
        variables: VARIABLES,
        onPrompt: async (name) => {
          const act = prompts[name];
          assert.ok(act, `nobody knows what ${name} is`);
          await act(pbx, sbc);
        },
      });
      const told = `${report.failure ?? ''}\n${simulator.log.ladder()}\n${table(report.findings)}`;
      assert.equal(report.isPassed, true, told);
      const broken = report.findings.filter(({ verdict }) => verdict === 'broken').map(({ id }) => id);
      const unknown = broken.filter((id) => !KNOWN_BROKEN.includes(id));
      assert.deepEqual(unknown, [], told);
    });
  }
});

test('the program serves, and its report says what the SBC keeps', async (t) => {
  const { ground, directory } = await layGround(t);
  const { dataCentres, pki, at } = ground;
  const { certificateFile, keyFile } = await pki.microsoft();
  const program = new RunningProcess(process.execPath, [
    join(FOLDER, '..', 'main.ts'),
    'serve',
    ...dataCentres.flatMap(({ host, address }) => ['--data-centre', `${host}=${address}`]),
    ...['--cert', certificateFile, '--key', keyFile, '--ca', pki.rootFile, '--host', `${FQDN}=${at.sbc}`],
    ...['--output', 'json', '--report'],
  ]);
  ground.endsWith(() => program.end());
  await program.waitForLine(/"event":"ready"/);
  await ground.writeManifests(dataCentres.map(({ host, address }) => ({ ip: address, hostnames: [host] })));
  await ground.startSbc(join(directory, 'run'));
  for (const { host } of dataCentres)
    await program.waitForLine(
      (line) =>
        line.includes(`"dataCentre":"${host}"`) && line.includes('"direction":"received"') && /"status":200/.test(line),
    );
  program.signal('SIGTERM');
  assert.equal(await program.ended, 0);
  const last = JSON.parse(program.lines.at(-1) ?? '') as { event: string; findings: readonly Finding[] };
  const kept = last.findings.filter(({ verdict }) => verdict === 'kept').map(({ id }) => id);
  for (const id of ['C-07', 'O-01', 'O-04', 'O-06']) assert.ok(kept.includes(id), id);
});

test('a trunk without OPTIONS for its window is demoted, and a simulator that is told so does not call it', async (t) => {
  const { simulator } = await raiseSimulatedStage(t, { simulator: { healthWindowMs: 1000, demotion: 'Refused' } });
  const report = await runScript(load(DEMOTION), { simulator, variables: VARIABLES, onPrompt: () => undefined });
  assert.equal(report.failure, undefined);
  await assert.rejects(simulator.call({ sbc: VARIABLES.sbc, to: PBX_NUMBER }), /the trunk is Demoted/);
});
